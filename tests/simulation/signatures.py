"""Whether one function can stand in for another."""

from inspect import Parameter, signature
from typing import Any


def require_stand_in(value: Any, replaced: Any) -> None:
    """Refuse a value that cannot be called as what it replaces is: its own TypeError would be all that anybody sees.

    Args:
        value: What stands in.
        replaced: What it stands in for, as it is found in its class or module; anything goes for what is no function.

    Raises:
        TypeError: It takes other arguments.
    """
    function = getattr(replaced, "__func__", replaced)
    if not callable(function):
        return
    asked = [each for each in signature(function).parameters.values() if each.default is Parameter.empty]
    positional = [each.name for each in asked if each.kind is Parameter.POSITIONAL_OR_KEYWORD]
    named = {each.name: None for each in asked if each.kind is Parameter.KEYWORD_ONLY}
    signature(getattr(value, "__func__", value)).bind(*positional, **named)
