"""Conditional requests: If-Match and If-None-Match (RFC 9110, 13).

Records have no modification date, so If-Modified-Since and If-Unmodified-Since are ignored, as the RFC requires.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from shared.http.problems import FieldError, InvalidFields, PreconditionFailed
from shared.http.response import Response

Condition = Literal["If-Match", "If-None-Match"]

# RFC 9110, 8.8.3. Weak tags start with W/.
_TAG: Final = r'(?:W/)?"[!#-~\x80-\xff]*"'
# RFC 9110, 5.6.1.2: a recipient ignores empty elements.
CONDITION: Final = re.compile(
    rf"(?:[\t ]*\*[\t ]*|[\t ,]*(?:{_TAG}[\t ]*(?:,[\t ,]*{_TAG}[\t ]*)*(?:,[\t ,]*)?)?)", re.ASCII
)
_TAGS: Final = re.compile(_TAG)


@dataclass(frozen=True, slots=True)
class EntityTags:
    """The value of If-Match or If-None-Match.

    Attributes:
        tags: The ETags as they were sent, with quotes; empty for `*`.
        any: Whether the value is `*`, which stands for every existing representation.
    """

    tags: frozenset[str] = frozenset()
    any: bool = False

    def match_strongly(self, etag: str | None) -> bool:
        """Whether an existing representation is named. A weak ETag never matches (RFC 9110, 8.8.3.2).

        Args:
            etag: Its strong ETag, or None if it has none.
        """
        return self.any or etag in self.tags

    def match_weakly(self, etag: str | None) -> bool:
        """Like `match_strongly`, but `W/"3"` matches `"3"`."""
        return self.any or etag in {tag.removeprefix("W/") for tag in self.tags}


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditions of one request."""

    if_match: EntityTags | None = None
    if_none_match: EntityTags | None = None

    def first_false(self, etag: str | None) -> Condition | None:
        """The first condition that is false for an existing representation, in the order of RFC 9110, 13.2.2.

        If-Match is compared strongly (13.1.1) and If-None-Match weakly (13.1.2).

        Args:
            etag: The representation's strong ETag, or None if it has none.
        """
        if self.if_match and not self.if_match.match_strongly(etag):
            return "If-Match"
        if self.if_none_match and self.if_none_match.match_weakly(etag):
            return "If-None-Match"
        return None


NO_PRECONDITIONS: Final = Preconditions()


def etag_of(version: int) -> str:
    """The strong ETag of a version of a record."""
    return f'"{version}"'


def preconditions_of(headers: Mapping[str, str]) -> Preconditions:
    """Parse the conditions of a request.

    Args:
        headers: By lower-case name; repeated lines are joined with commas.

    Raises:
        InvalidFields: A header is neither `*` nor a list of ETags. Ignoring it could carry out an unwanted change.
    """
    return Preconditions(_parse("If-Match", headers), _parse("If-None-Match", headers))


def answer_without_etag(headers: Mapping[str, str], subject: str) -> Response | None:
    """Answer a GET of something that exists and has no ETag, if its conditions already decide the answer.

    Args:
        headers: As for `preconditions_of`.
        subject: The subject and the verb of a sentence that goes on with "no ETag".

    Returns:
        304, or None if the request is to be carried out.

    Raises:
        PreconditionFailed: If-Match names ETags.
        InvalidFields: As in `preconditions_of`.
    """
    match preconditions_of(headers).first_false(None):
        case "If-Match":
            raise PreconditionFailed(f"{subject} no ETag, so If-Match can only be *.")
        case "If-None-Match":
            return Response(HTTPStatus.NOT_MODIFIED)
    return None


def _parse(name: Condition, headers: Mapping[str, str]) -> EntityTags | None:
    text = headers.get(name.lower())
    if text is None:
        return None
    if not CONDITION.fullmatch(text):
        raise InvalidFields([FieldError(name, f'{name} must be * or a list of ETags, such as "3".')])
    if text.strip() == "*":
        return EntityTags(any=True)
    return EntityTags(frozenset(_TAGS.findall(text)))
