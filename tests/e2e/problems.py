"""What every answer that refuses looks like: RFC 9457."""

from typing import Any

import httpx


def assert_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The answer is a complete problem of one kind.

    Args:
        answer: Of the functions; the gateway's own answers look like this on AWS only.
        status: Of the answer and in its body.
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
    """The fields that a refusal names, each with a sentence, in the answer's order."""
    problem = assert_problem(answer, 422, "invalid-fields")
    assert all(set(error) == {"field", "detail"} and error["detail"] for error in problem["errors"])
    return [error["field"] for error in problem["errors"]]
