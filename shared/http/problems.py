"""Every error that the API returns, as one tree. The format is RFC 9457 (problem+json).

    Problem
    ├── MalformedBody      400  not JSON
    ├── Unauthorized       401  no valid access token (returned by API Gateway)
    ├── Forbidden          403  the token lacks the scope
    ├── NotFound           404
    ├── FieldTaken         409  another record has this value
    ├── Gone               410  the record existed and was permanently erased
    ├── StaleVersion       412  If-Match does not name the current version
    ├── PreconditionFailed 412  another condition of the request is false
    ├── BodyTooLarge       413
    ├── UnsupportedMedia   415  the body is compressed or declared as something other than JSON
    ├── InvalidFields      422  names each invalid field and how to fix it
    ├── KeyReused          422  the Idempotency-Key was used for another request
    ├── TooManyRequests    429  (returned by API Gateway)
    ├── Unexpected         500  our fault; the cause is not disclosed
    ├── Contended          503  too many writers at once
    ├── NewerRelease       503  a newer release wrote the record, and is being deployed
    ├── Unavailable        503  a service that we need did not respond; the outcome is unknown
    └── NotYetReadable     503  the write in the Consistency-Token is not projected yet

A problem's `type` is stable, and docs/reference/problems/ has a page for each. API Gateway's own errors use the same
format (`GatewayResponses` in template.yml).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final

from shared.http.consistency import ConsistencyToken

# A refusal names this many fields and counts the others, so that a small request cannot cause a large answer.
MOST_NAMED: Final = 20
_LONGEST_NAME: Final = 64


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


def unknown_field(name: str) -> FieldError:
    """The error for a field or parameter that the caller invented. A long name is cut."""
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    return FieldError(shown, f"{shown} is unknown: remove it.", unknown=True)


def counted(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Names as text: at most `most` of them, then how many more there are."""
    listed = list(names)
    text = ", ".join(listed[:most])
    return text if len(listed) <= most else f"{text} and {len(listed) - most} more".lstrip()


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

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        read_after: ConsistencyToken | None = None,
    ) -> None:
        super().__init__(detail)
        self.read_after = read_after
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        """The stable identifier of this kind of problem, which is also the path of its page."""
        return f"/docs/problems/{self.slug}"

    def body(self, request_id: str, longest_bytes: int | None = None) -> str:
        """The response body. It names at most `MOST_NAMED` errors, and fewer if it would be too long.

        Args:
            request_id: Identifies this occurrence in the logs.
            longest_bytes: How long the body may be, unless it would still be longer without any error.
        """
        most = min(len(self.errors), MOST_NAMED)
        while most and longest_bytes is not None and len(self._naming(most, request_id)) > longest_bytes:
            most -= 1
        return self._naming(most, request_id)

    def detail_naming(self, most: int) -> str:  # noqa: ARG002 - for subclasses
        """The detail, if it may name at most `most` errors."""
        return self.detail

    def _naming(self, most: int, request_id: str) -> str:
        document: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail_naming(most),
            "instance": f"urn:request:{request_id}",
        }
        if most:
            document["errors"] = [{"field": error.field, "detail": error.detail} for error in self.errors[:most]]
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


class PreconditionFailed(Problem):
    """A condition of the request is false, and If-Match with the current version would not make it true."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "precondition-failed"
    title = "A condition of the request is false"


class BodyTooLarge(Problem):
    """The body is longer than any valid body."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "body-too-large"
    title = "The body is too large"


class UnsupportedMedia(Problem):
    """The body is compressed, or declared as something other than JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported-media-type"
    title = "The body is not sent as plain JSON"

    def __init__(self, detail: str) -> None:
        # RFC 9110, 15.5.16: the response says what is accepted.
        super().__init__(detail, headers={"Accept": "application/json", "Accept-Encoding": "identity"})


class InvalidFields(Problem):
    """The request can be parsed, but some of its fields are invalid."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid-fields"
    title = "Some fields are invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("", errors=errors)
        self.detail = self.detail_naming(MOST_NAMED)
        self.args = (self.detail,)

    def detail_naming(self, most: int) -> str:
        """The names of at most `most` fields, and the number of the others."""
        names = list(dict.fromkeys(error.field for error in self.errors))
        return f"Fix these fields and send the request again: {counted(names, most)}."


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


class NewerRelease(Problem):
    """A newer release wrote the record, so this one would lose a part of it. Nothing was changed."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "newer-release"
    title = "A newer release of the service is being deployed"

    def __init__(self) -> None:
        detail = (
            "A newer release of the service has written this record, and this request changed nothing. Send it "
            "again in a moment, with the same Idempotency-Key."
        )
        super().__init__(detail, headers={"Retry-After": "5"})


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
