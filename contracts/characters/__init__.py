"""The writer of `commands/character_ranges.py`: sets of characters, derived from Unicode's properties.

Python 3.11 and 3.13 have different Unicode tables, and a published pattern cannot name a property, as Python's `re`
has none. The sets are derived once, with the pinned package `regex`, and both code and patterns use the result.
"""

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import idna
import regex
from idna.intranges import intranges_contain

from local.environments import ROOT

FILE: Final = ROOT / "commands" / "character_ranges.py"
_LINE_LENGTH: Final = 118
_HEADER: Final = '''"""Sets of characters as ranges of hexadecimal code points. Written by `make contracts`.

The rules are in contracts/characters/__init__.py. Each set is a string, because nearly no invocation needs it parsed.
"""

from typing import Final
'''

# Every code point once, in order, so that an index is a code point.
_ALL: Final = "".join(map(chr, range(0x110000)))
# Unicode has no property for characters that are drawn as nothing. Their names, which never change, end like this.
_NAMES_OF_BLANKS: Final = ("PATTERN BLANK", "SCRIPT FILLER", "NULL NOTEHEAD")
_IN_DOMAINS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")


def _with_property(expression: str) -> set[int]:
    return {
        code_point for found in regex.finditer(f"(?V1)[{expression}]+", _ALL) for code_point in range(*found.span())
    }


def _refused() -> set[int]:
    return _with_property(r"[\p{C}\p{Zl}\p{Zp}\uFFFD]--\p{Join_Control}")


def _blank() -> set[int]:
    by_property = _with_property(r"\p{Default_Ignorable_Code_Point}\p{Block=Egyptian_Hieroglyph_Format_Controls}")
    return by_property | {ord(found) for found in _ALL if unicodedata.name(found, "").endswith(_NAMES_OF_BLANKS)}


def _not_in_domain() -> set[int]:
    assigned = _with_property(r"\p{Any}--[\p{Cn}\p{Co}\p{Cs}]")
    refused = {code_point for code_point in assigned if not _is_in_domains(chr(code_point))}
    return _widened(refused, _refused() | _with_property(r"\p{White_Space}\p{Join_Control}") | _blank())


def _is_in_domains(character: str) -> bool:
    """Whether some label contains the character (RFC 5892), after the mapping of UTS 46."""
    if character.isascii():
        return character in _IN_DOMAINS
    try:
        mapped = idna.uts46_remap(character)
    except idna.IDNAError:
        return False
    classes = idna.idnadata.codepoint_classes
    allowed = (classes["PVALID"], classes["CONTEXTJ"], classes["CONTEXTO"])
    return all(any(intranges_contain(ord(part), ranges) for ranges in allowed) for part in mapped)


def _widened(members: set[int], free: set[int]) -> set[int]:
    """Fill the gaps that contain only free code points. That makes fewer ranges."""
    widened, last = set(members), None
    for code_point in sorted(members | (set(range(0x110000)) - free - members)):
        if code_point not in members:
            last = None
        else:
            widened.update(range(code_point if last is None else last, code_point))
            last = code_point
    return widened


_SETS: Final[dict[str, tuple[str, Callable[[], set[int]]]]] = {
    "REFUSED": (
        (
            "In no text: controls, line and paragraph separators, format characters other than the two joiners, "
            "private use, surrogates, what is not assigned, and U+FFFD."
        ),
        _refused,
    ),
    "WHITE_SPACE": (
        "Trimmed at the ends of a text. Inside, what is not refused becomes a space.",
        partial(_with_property, r"\p{White_Space}"),
    ),
    "JOIN_CONTROL": ("Allowed inside words only.", partial(_with_property, r"\p{Join_Control}")),
    "BLANK": ("Drawn as nothing, and not white space: default-ignorable, or blank by name.", _blank),
    "NOT_IN_DOMAIN": (
        (
            "In no domain: ASCII other than letters, digits, hyphen and dot, and what IDNA disallows. Characters of "
            "the sets above may be in it or not."
        ),
        _not_in_domain,
    ),
}


def content() -> str:
    """Return the text of the module."""
    return _HEADER + "".join(_constant(name, *described) for name, described in _SETS.items())


def _constant(name: str, description: str, members: Callable[[], set[int]]) -> str:
    comment = "\n".join(_wrapped(description.split(), "# "))
    return f'\n{comment}\n{name}: Final = """\n' + "\n".join(_wrapped(list(_ranges(members())), "")) + '\n"""\n'


def _ranges(members: set[int]) -> Iterator[str]:
    start = 0
    for code_point in sorted(members):
        if code_point - 1 not in members:
            start = code_point
        if code_point + 1 not in members:
            yield f"{start:x}" if start == code_point else f"{start:x}-{code_point:x}"


def _wrapped(words: list[str], prefix: str) -> Iterator[str]:
    line = prefix
    for word in words:
        if len(line) + len(word) > _LINE_LENGTH:
            yield line.rstrip()
            line = prefix
        line += f"{word} "
    yield line.rstrip()
