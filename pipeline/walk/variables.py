"""Output variables of actions, which later actions name as `#{Namespace.Variable}`."""

import re
from collections.abc import Mapping

from local.errors import StackError

_VARIABLE = re.compile(r"#\{(\w+)\.(\w+)\}")


def substituted(text: str, variables: Mapping[str, Mapping[str, str]]) -> str:
    """A text with its variables filled in.

    Args:
        text: Of an action's configuration.
        variables: Namespace -> variable -> value.

    Raises:
        StackError: No action before gave one of them a value.
    """

    def value(found: re.Match[str]) -> str:
        try:
            return variables[found[1]][found[2]]
        except KeyError:
            raise StackError(f"No action before gives {found[0]} a value.") from None

    return _VARIABLE.sub(value, text)
