"""A response as API Gateway's REST proxy integration takes it from a function."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from shared.http.problems import Problem


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Attributes:
        status: The HTTP status.
        body: A JSON text, or nothing.
        headers: Headers beside the content type.
    """

    status: HTTPStatus
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def with_header(self, name: str, value: str) -> "Response":
        """The same answer with one header more.

        Args:
            name: The header's.
            value: Its text.
        """
        return Response(self.status, self.body, {**self.headers, name: value}, self.content_type)

    def to_gateway(self) -> dict[str, object]:
        """The form that API Gateway wants."""
        headers = {"Cache-Control": "no-store", **self.headers}
        if self.body:
            headers["Content-Type"] = self.content_type
        return {"statusCode": int(self.status), "headers": headers, "body": self.body, "isBase64Encoded": False}


def problem_response(problem: Problem, request_id: str) -> Response:
    """The answer for a problem.

    Args:
        problem: What went wrong.
        request_id: Names this occurrence in the logs.
    """
    return Response(problem.status, problem.body(request_id), problem.headers, "application/problem+json")
