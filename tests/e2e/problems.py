"""The shape that every error response has: RFC 9457."""

from typing import Any

import httpx


def assert_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The response is a complete problem of one kind.

    Args:
        answer: A response of a function. The gateway's own responses have this shape on AWS only.
        status: The status of the response and in its body.
        kind: The last part of its `type`.

    Returns:
        The body.
    """
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail", "instance"}
    assert problem["type"] == f"/docs/problems/{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"].startswith("urn:request:")
    assert len(problem["instance"]) > len("urn:request:")
    return problem


def refused_fields(answer: httpx.Response) -> list[str]:
    """The fields that an error names, in the response's order, each with a sentence."""
    problem = assert_problem(answer, 422, "invalid-fields")
    assert all(set(error) == {"field", "detail"} and error["detail"] for error in problem["errors"])
    return [error["field"] for error in problem["errors"]]
