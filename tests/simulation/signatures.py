"""Whether one function can replace another."""

from inspect import Parameter, signature
from typing import Any


def require_stand_in(value: Any, replaced: Any) -> None:
    """Refuse a replacement that cannot be called like the original, because only its TypeError would be detected.

    Args:
        replaced: The original, as found in its class or module. If it is not a function, anything may replace it.

    Raises:
        TypeError: The replacement takes other arguments.
    """
    function = getattr(replaced, "__func__", replaced)
    if not callable(function):
        return
    asked = [each for each in signature(function).parameters.values() if each.default is Parameter.empty]
    positional = [each.name for each in asked if each.kind is Parameter.POSITIONAL_OR_KEYWORD]
    named = {each.name: None for each in asked if each.kind is Parameter.KEYWORD_ONLY}
    signature(getattr(value, "__func__", value)).bind(*positional, **named)
