"""Every error that the API returns, as one tree. The format is RFC 9457 (problem+json).

    Problem
    ├── MalformedBody      400  not JSON
    ├── Unauthorized       401  no valid access token (returned by API Gateway)
    ├── Forbidden          403  the token lacks the scope
    ├── NotFound           404
    ├── FieldTaken         409  another record has this value
    ├── Gone               410  the record existed and was permanently erased
    ├── StaleVersion       412  If-Match does not name the current version
    ├── BodyTooLarge       413
    ├── InvalidFields      422  names each invalid field and how to fix it
    ├── KeyReused          422  the Idempotency-Key was used for another request
    ├── TooManyRequests    429  (returned by API Gateway)
    ├── Unexpected         500  our fault; the cause is not disclosed
    ├── Contended          503  too many writers at once
    ├── Unavailable        503  a service that we need did not respond; the outcome is unknown
    └── NotYetReadable     503  the write in the Consistency-Token is not projected yet

A problem's `type` is stable, and docs/reference/problems/ has a page for each. API Gateway's own errors use the same
format (`GatewayResponses` in template.yml).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from shared.http.consistency import ConsistencyToken


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field and how to fix it.

    Attributes:
        field: The field's path, for example `birth`.
        detail: One sentence, which never repeats the value that was sent.
        unknown: Whether the caller invented the field's name. Such a name may contain personal data, so it is returned
            to the caller but never logged.
    """

    field: str
    detail: str
    unknown: bool = False

    @property
    def name_to_log(self) -> str:
        """The field's name, unless the caller invented it."""
        return "(unknown)" if self.unknown else self.field


class Problem(Exception):
    """An error that is returned to the caller.

    Attributes:
        not_yet_readable: Whether the caller waited in vain for the projection.
        read_after: A write that the caller must read before trying again; the endpoint signs it.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    slug: ClassVar[str] = "unexpected"
    title: ClassVar[str] = "Something went wrong on our side"
    not_yet_readable: ClassVar[bool] = False
    read_after: ConsistencyToken | None = None

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        """The stable identifier of this kind of problem, which is also the path of its page."""
        return f"/docs/problems/{self.slug}"

    def body(self, request_id: str) -> str:
        """The response body.

        Args:
            request_id: Identifies this occurrence in the logs.
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
    """There is no token, or it is expired, forged or from another user pool."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "unauthorized"
    title = "A valid access token is required"


class Forbidden(Problem):
    """The token is valid but does not allow this request."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"
    title = "The token does not allow this"


class NotFound(Problem):
    """The record does not exist."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"
    title = "Not found"


class FieldTaken(Problem):
    """A value that must be unique belongs to another record."""

    status = HTTPStatus.CONFLICT
    slug = "field-taken"
    title = "This value is taken"

    def __init__(self, field: str) -> None:
        error = FieldError(field, f"{field} is taken: send a different one.")
        super().__init__(f"Another record has this {field}.", errors=[error])


class Gone(Problem):
    """The record existed and was permanently erased."""

    status = HTTPStatus.GONE
    slug = "gone"
    title = "Permanently erased"


class StaleVersion(Problem):
    """The record has changed since the caller read it."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "stale-version"
    title = "The record has changed since you read it"

    def __init__(self, current: int, read_after: ConsistencyToken | None = None) -> None:
        """Create the problem.

        Args:
            current: The record's current version.
            read_after: Makes a GET wait for that version.
        """
        super().__init__("Read the record again and repeat the change with the new ETag in If-Match.")
        self.headers["ETag"] = f'"{current}"'
        self.read_after = read_after


class BodyTooLarge(Problem):
    """The body is longer than any valid body."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "body-too-large"
    title = "The body is too large"


class InvalidFields(Problem):
    """The request can be parsed, but some of its fields are invalid."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid-fields"
    title = "Some fields are invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        names = ", ".join(dict.fromkeys(error.field for error in errors))
        super().__init__(f"Fix these fields and send the request again: {names}.", errors=errors)


class KeyReused(Problem):
    """One Idempotency-Key was sent with two different requests."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "key-reused"
    title = "The Idempotency-Key belongs to another request"

    def __init__(self) -> None:
        super().__init__(
            "This key was used before with different content. Send a new key for a new request.",
            errors=[FieldError("Idempotency-Key", "Idempotency-Key must be new for each new request.")],
        )


class TooManyRequests(Problem):
    """The caller, or all callers together, send too many requests."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many-requests"
    title = "Too many requests"


class Unexpected(Problem):
    """An error on our side."""

    def __init__(self) -> None:
        super().__init__(
            "It is unknown whether the request was carried out. Send it again with the same Idempotency-Key. If the "
            "error persists, report the instance below."
        )


class Contended(Problem):
    """Too many writers change the same record at once. Nothing was written."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "contended"
    title = "Too many writers at once"

    def __init__(self) -> None:
        super().__init__("Nothing was changed. Send the request again in a moment.", headers={"Retry-After": "1"})


class Unavailable(Problem):
    """A service that we need did not respond in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"
    title = "A service behind this API did not respond"

    def __init__(self) -> None:
        detail = "It is unknown whether the request was carried out. Send it again with the same Idempotency-Key."
        super().__init__(detail, headers={"Retry-After": "1"})


class NotYetReadable(Problem):
    """The write that the caller waits for is stored but not projected yet."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "not-yet-readable"
    title = "Your write is not readable yet"
    not_yet_readable = True

    def __init__(self) -> None:
        detail = "The write is stored but has not reached the read side yet. Try again in a moment."
        super().__init__(detail, headers={"Retry-After": "1"})
