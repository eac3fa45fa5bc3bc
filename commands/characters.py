"""Which characters a text may contain, and what of it can be seen.

The sets come from Unicode's properties (contracts/characters). They are the same on every Python and in the published
patterns.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import Final

from commands import character_ranges

_BEYOND_ESCAPES: Final = 0x10000
REFUSED: Final = character_ranges.REFUSED
WHITE_SPACE: Final = character_ranges.WHITE_SPACE
JOIN_CONTROL: Final = character_ranges.JOIN_CONTROL
BLANK: Final = character_ranges.BLANK
NOT_IN_DOMAIN: Final = character_ranges.NOT_IN_DOMAIN


def pairs(*sets: str) -> list[tuple[int, int]]:
    """The first and last code points of the ranges in some sets: sorted, and merged where they touch.

    Args:
        sets: Constants of this module.
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(_pair(text) for ranges in sets for text in ranges.split()):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def character_class(*sets: str) -> str:
    """The inside of a regular expression's character class, for ECMA-262 with the `u` flag, Python and Java alike.

    These three share no escape for characters beyond U+FFFF, so such characters stand for themselves.

    Args:
        sets: Constants of this module.
    """
    return "".join(
        _escaped(first) if first == last else f"{_escaped(first)}-{_escaped(last)}" for first, last in pairs(*sets)
    )


def is_any_in(text: str, *sets: str) -> bool:
    """Whether a text has a character of these sets."""
    bounds = _bounds(sets)
    return any(bisect_right(bounds, ord(character)) % 2 for character in text)


def is_all_in(text: str, *sets: str) -> bool:
    """Whether every character of a text is in these sets."""
    bounds = _bounds(sets)
    return all(bisect_right(bounds, ord(character)) % 2 for character in text)


@cache
def _bounds(sets: tuple[str, ...]) -> Sequence[int]:
    """Where the sets begin and end, in turns: an odd position means inside."""
    return [bound for first, last in pairs(*sets) for bound in (first, last + 1)]


def _pair(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first, 16), int(last or first, 16)


def _escaped(code_point: int) -> str:
    return f"\\u{code_point:04x}" if code_point < _BEYOND_ESCAPES else chr(code_point)
