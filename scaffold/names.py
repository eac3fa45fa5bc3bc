"""The name of a service, and every form in which sources write it. Pure: no files, no AWS."""

import builtins
import keyword
import re
import sys
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[a-z][a-z0-9]+")
_LONGEST: Final = 20
# Python gives these a meaning; a variable or a module of that name would hide it.
_PYTHON: Final = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *sys.stdlib_module_names})


class BadName(ValueError):
    """A name that cannot be used. The message is one sentence for the person who chose it."""


@dataclass(frozen=True, slots=True)
class Name:
    """What one instance of the service's subject is called, in lower case.

    Attributes:
        singular: For instance `customer`.
        plural: For instance `customers`.
    """

    singular: str
    plural: str

    def forms(self) -> tuple[str, ...]:
        """All spellings, plural before singular so that the longer one is found first."""
        words = (self.plural, self.singular)
        return (*words, *(word.capitalize() for word in words), *(word.upper() for word in words))


def name_of(singular: str, plural: str = "") -> Name:
    """Read a name that a person typed.

    Args:
        singular: One lower-case word.
        plural: Empty for the regular plural.

    Raises:
        BadName: It is not a word, or means something to Python.
    """
    name = Name(singular, plural or _regular_plural(singular))
    for label, word in (("NAME", name.singular), ("PLURAL", name.plural)):
        if not _WORD.fullmatch(word) or len(word) > _LONGEST:
            raise BadName(f"{label} must be one lower-case word of 2 to {_LONGEST} letters or digits: {word!r} is not.")
        if word in _PYTHON:
            raise BadName(f"{label} must not be a word that Python uses itself, and {word!r} is one: choose another.")
    if name.singular == name.plural:
        raise BadName(f"PLURAL must differ from NAME, and both are {name.singular!r}: set another PLURAL.")
    return name


def _regular_plural(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"
