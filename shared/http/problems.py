"""Every error that the API answers with, as one tree; the answer's form is RFC 9457 (problem+json).

    Problem
    ├── MalformedBody      400  not JSON
    ├── Forbidden          403  the token lacks the scope
    ├── NotFound           404
    ├── BodyTooLarge       413
    ├── InvalidFields      422  names each bad field and its mend
    └── Unexpected         500  our fault; says nothing of its cause

A problem's `type` is stable, and docs/problems/ has a page for each.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field and how to mend it.

    Attributes:
        field: Where it stands, for instance `birth`.
        detail: One sentence, which never repeats what was sent.
        unknown: Whether the caller made the field's name up. Such a name may be anything, a person's address for
            instance: it goes back to the caller and into no log.
    """

    field: str
    detail: str
    unknown: bool = False

    @property
    def name_to_log(self) -> str:
        """The field's name, unless it is the caller's own word."""
        return "(unknown)" if self.unknown else self.field


class Problem(Exception):
    """An error that the caller is told about."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    slug: ClassVar[str] = "unexpected"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        """The stable name of this kind of problem, which is also the path of its page."""
        return f"/docs/problems/{self.slug}"

    def body(self, request_id: str) -> str:
        """The answer's body.

        Args:
            request_id: Names this occurrence in the logs.
        """
        document: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            "instance": f"urn:request:{request_id}",
        }
        if self.errors:
            document["errors"] = [{"field": error.field, "detail": error.detail} for error in self.errors]
        return json.dumps(document)


class MalformedBody(Problem):
    """The body is not JSON."""

    status = HTTPStatus.BAD_REQUEST
    slug = "malformed-body"
    title = "The body is not JSON"


class Forbidden(Problem):
    """The token is good and does not allow this."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"
    title = "The token does not allow this"


class NotFound(Problem):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"
    title = "Not found"


class BodyTooLarge(Problem):
    """The body is longer than any valid one could be."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "body-too-large"
    title = "The body is too large"


class InvalidFields(Problem):
    """The request is readable and some of its fields are not acceptable."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid-fields"
    title = "Some fields are not acceptable"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        names = ", ".join(dict.fromkeys(error.field for error in errors))
        super().__init__(f"Mend these and send the request again: {names}.", errors=errors)


class Unexpected(Problem):
    """Our own fault."""

    def __init__(self) -> None:
        super().__init__("The request was not carried out. Try again; if it lasts, report the instance below.")
