"""Output variables of actions, to which later actions refer as `#{Namespace.Variable}`."""

import re
from collections.abc import Mapping

from local.errors import StackError

_VARIABLE = re.compile(r"#\{(\w+)\.(\w+)\}")


def substituted(text: str, variables: Mapping[str, Mapping[str, str]]) -> str:
    """Replace the variables in a string of an action's configuration.

    Args:
        text: String with variables.
        variables: Namespace -> variable -> value.

    Raises:
        StackError: No earlier action set one of the variables.
    """

    def value(found: re.Match[str]) -> str:
        try:
            return variables[found[1]][found[2]]
        except KeyError:
            raise StackError(f"No earlier action sets {found[0]}.") from None

    return _VARIABLE.sub(value, text)
