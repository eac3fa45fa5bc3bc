"""Replaces one name by another in texts and paths. Pure: no files, no AWS."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scaffold.names import Name

CURRENT: Final = Name("customer", "customers")
# AWS's own words: a key that is managed by AWS's customer, not by ours.
_OF_AWS: Final = r"(?i:customer[- ]?managed)"
_VOWELS: Final = tuple("aeiou")


@dataclass(frozen=True)
class Renaming:
    """From the project's current name to another one.

    Attributes:
        name: The new name.
    """

    name: Name
    _words: Mapping[str, str] = field(init=False, repr=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        forms = CURRENT.forms()
        object.__setattr__(self, "_words", dict(zip(forms, self.name.forms(), strict=True)))
        # Before the name, in prose or in a link to a heading.
        article = rf"(?P<article>\b[Aa](?=(?:-|\s+)[`*_]*(?i:{CURRENT.singular})))"
        pattern = rf"(?P<kept>{_OF_AWS})|{article}|(?P<word>{'|'.join(forms)})"
        object.__setattr__(self, "_pattern", re.compile(pattern))

    def apply(self, text: str) -> str:
        """Rename everything in a text or a path."""
        return self._pattern.sub(self._replacement, text)

    def _replacement(self, found: re.Match[str]) -> str:
        if found["word"]:
            return self._words[found["word"]]
        if found["article"] and self.name.singular.startswith(_VOWELS):
            return f"{found['article']}n"
        return found[0]
