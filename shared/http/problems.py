"""Every error that the API answers with, as one tree; the answer's form is RFC 9457 (problem+json).

    Problem
    ├── MalformedBody      400  not JSON
    ├── Unauthorized       401  no token, or not a good one (API Gateway answers this)
    ├── Forbidden          403  the token lacks the scope
    ├── NotFound           404
    ├── FieldTaken         409  somebody else has this value
    ├── Gone               410  it was there and was erased for good
    ├── StaleVersion       412  If-Match names another version than the current one
    ├── BodyTooLarge       413
    ├── InvalidFields      422  names each bad field and its mend
    ├── KeyReused          422  the Idempotency-Key came with another request
    ├── TooManyRequests    429  (API Gateway answers this)
    ├── Unexpected         500  our fault; says nothing of its cause
    ├── Contended          503  too many writers at once
    ├── Unavailable        503  a service that we need did not answer; the outcome is not known
    └── NotYetReadable     503  the write that the Consistency-Token names is not projected yet

A problem's `type` is stable, and docs/reference/problems/ has a page for each. What API Gateway itself answers has the same form
(`GatewayResponses` in template.yml).
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


class Unauthorized(Problem):
    """There is no token, or it is expired, forged or of another pool."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "unauthorized"
    title = "A good access token is needed"


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


class FieldTaken(Problem):
    """A value that must be unique is somebody else's."""

    status = HTTPStatus.CONFLICT
    slug = "field-taken"
    title = "This value is taken"

    def __init__(self, field: str) -> None:
        error = FieldError(field, f"{field} is taken: send another one.")
        super().__init__(f"Another record has this {field}.", errors=[error])


class Gone(Problem):
    """It was there, and was erased for good."""

    status = HTTPStatus.GONE
    slug = "gone"
    title = "Erased for good"


class StaleVersion(Problem):
    """The record changed since the caller read it."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "stale-version"
    title = "The record changed meanwhile"

    def __init__(self, current: int, token: str = "") -> None:
        """Name what is current.

        Args:
            current: The record's version.
            token: The Consistency-Token with which a GET is sure to show it.
        """
        super().__init__("Read the record again, and repeat the change with its new ETag in If-Match.")
        self.headers["ETag"] = f'"{current}"'
        if token:
            self.headers["Consistency-Token"] = token


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


class KeyReused(Problem):
    """One Idempotency-Key came with two different requests."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "key-reused"
    title = "The Idempotency-Key belongs to another request"

    def __init__(self) -> None:
        super().__init__(
            "This key came before with other content: send a new key for a new request.",
            errors=[FieldError("Idempotency-Key", "Idempotency-Key must be new for each different request.")],
        )


class TooManyRequests(Problem):
    """The caller, or all callers together, ask too often."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many-requests"
    title = "Too many requests"


class Unexpected(Problem):
    """Our own fault."""

    def __init__(self) -> None:
        super().__init__(
            "Whether the request was carried out is not known. Try again with the same Idempotency-Key; if it lasts, "
            "report the instance below."
        )


class Contended(Problem):
    """Too many writers want the same record at once; nothing was written."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "contended"
    title = "Too many writers at once"

    def __init__(self) -> None:
        super().__init__("Nothing was changed. Send the request again in a moment.", headers={"Retry-After": "1"})


class Unavailable(Problem):
    """A service that we need did not answer in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"
    title = "A service behind this API did not answer"

    def __init__(self) -> None:
        detail = "Whether the request was carried out is not known. Send it again with the same Idempotency-Key."
        super().__init__(detail, headers={"Retry-After": "1"})


class NotYetReadable(Problem):
    """The write that the caller wants to see is stored, and not projected yet."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "not-yet-readable"
    title = "Your write is not readable yet"

    def __init__(self) -> None:
        detail = "The write is safely stored and still on its way to the read side. Ask again in a moment."
        super().__init__(detail, headers={"Retry-After": "1"})
