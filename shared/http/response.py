"""A response as API Gateway's REST proxy integration expects it from a function."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from shared.http.consistency import ConsistencyToken
from shared.http.problems import Problem


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response.

    Attributes:
        status: The HTTP status.
        body: The body's text; empty for none.
        headers: All headers except the content type.
        content_type: The body's media type.
        annotations: Annotations for the request's trace, by name. The caller does not see them.
        log: Fields for the request's log line, by name. They contain no personal data.
        not_yet_readable: Whether the caller waited in vain for the projection.
        read_after: The write that the response reports; the endpoint signs it as the Consistency-Token.
    """

    status: HTTPStatus
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    annotations: Mapping[str, Any] = field(default_factory=dict)
    log: Mapping[str, Any] = field(default_factory=dict)
    not_yet_readable: bool = False
    read_after: ConsistencyToken | None = None

    def with_header(self, name: str, value: str) -> "Response":
        """The same response with one more header."""
        return replace(self, headers={**self.headers, name: value})

    def to_gateway(self) -> dict[str, object]:
        """The response in API Gateway's format."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.body:
            headers["Content-Type"] = self.content_type
        return {"statusCode": int(self.status), "headers": headers, "body": self.body, "isBase64Encoded": False}


def problem_response(problem: Problem, request_id: str) -> Response:
    """The response for a problem.

    Args:
        request_id: Identifies this occurrence in the logs.
    """
    return Response(
        problem.status,
        problem.body(request_id),
        problem.headers,
        "application/problem+json",
        not_yet_readable=problem.not_yet_readable,
        read_after=problem.read_after,
    )
