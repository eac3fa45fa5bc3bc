"""The error responses: for each status the possible problems, from the tree in shared/http/problems.py."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from contracts.openapi.headers import headers, optional_headers
from contracts.openapi.problem_examples import problem_example
from contracts.openapi.schemas import reference
from shared.http import problems
from shared.http.problems import Problem

Json = dict[str, Any]
Kind = type[Problem]

# The problems that any route can return, itself or through API Gateway.
ANY_ROUTE: Final[tuple[Kind, ...]] = (
    problems.Unauthorized,
    problems.Forbidden,
    problems.InvalidFields,
    problems.TooManyRequests,
    problems.Unexpected,
    problems.Unavailable,
)
_OWN_HEADERS: Final[dict[HTTPStatus, tuple[str, ...]]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("Accept", "Accept-Encoding"),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}


def error_responses(kinds: Sequence[Kind]) -> dict[str, Json]:
    """Return references to the error responses of a route, by status.

    Args:
        kinds: The problems that the route can return.
    """
    return {str(int(status)): {"$ref": f"#/components/responses/{_name(group)}"} for status, group in _by_status(kinds)}


def all_responses(routes: Iterable[Sequence[Kind]]) -> dict[str, Json]:
    """Return every response that `error_responses` refers to.

    Args:
        routes: The problems that each route can return.
    """
    groups = {_name(group): (status, group) for kinds in routes for status, group in _by_status(kinds)}
    return {name: _response(*groups[name]) for name in sorted(groups)}


def all_examples(routes: Iterable[Sequence[Kind]]) -> dict[str, Json]:
    """Return every example that `all_responses` refers to.

    Args:
        routes: The problems that each route can return.

    Raises:
        ContractError: A problem has no example.
    """
    return {name: problem_example(kind) for name, kind in _all_kinds(routes).items()}


def problem_schemas(routes: Iterable[Sequence[Kind]]) -> dict[str, Json]:
    """Return the schema of every problem by its name, so that generated clients have one class for each.

    Args:
        routes: The problems that each route can return.
    """
    return {name: _schema_of(kind) for name, kind in _all_kinds(routes).items()}


def _all_kinds(routes: Iterable[Sequence[Kind]]) -> dict[str, Kind]:
    kinds = {kind.__name__: kind for problems in routes for kind in problems}
    return {name: kinds[name] for name in sorted(kinds)}


def _by_status(kinds: Sequence[Kind]) -> list[tuple[HTTPStatus, list[Kind]]]:
    in_order = sorted(kinds, key=lambda kind: (kind.status, kind.slug))
    return [(status, list(group)) for status, group in groupby(in_order, lambda kind: kind.status)]


def _name(kinds: Sequence[Kind]) -> str:
    return "Or".join(kind.__name__ for kind in kinds)


def _response(status: HTTPStatus, kinds: list[Kind]) -> Json:
    examples = {kind.slug: {"$ref": f"#/components/examples/{kind.__name__}"} for kind in kinds}
    response: Json = {
        "description": "; ".join(f"{kind.title} (`{kind.slug}`)" for kind in kinds) + ".",
        "content": {"application/problem+json": {"schema": _schema(kinds), "examples": examples}},
    }
    if status == HTTPStatus.PRECONDITION_FAILED:
        # The list has no ETag, and a read returns no token.
        response["headers"] = optional_headers("ETag", "Consistency-Token")
    if own := _OWN_HEADERS.get(status):
        response["headers"] = headers(*own)
    return response


def _schema(kinds: list[Kind]) -> Json:
    alternatives = [reference(kind.__name__) for kind in kinds]
    return alternatives[0] if len(alternatives) == 1 else {"oneOf": alternatives}


def _schema_of(kind: Kind) -> Json:
    # Constants in one flat schema: openapi-python-client leaves out a response whose constants it would have to merge.
    return {
        "type": "object",
        "description": f"{kind.title}. A problem as RFC 9457 defines it.",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {
                "type": "string",
                "const": f"/docs/problems/{kind.slug}",
                "description": "Identifies the kind of error. It never changes, so programs can branch on it.",
            },
            "title": {"type": "string", "description": "The kind of error, for people. Its wording may change."},
            "status": {"type": "integer", "const": int(kind.status)},
            "detail": {"type": "string", "description": "An explanation for people. Its wording may change."},
            "instance": {
                "type": "string",
                "pattern": "^urn:request:",
                "description": "Identifies this one occurrence.",
            },
            "errors": {"type": "array", "minItems": 1, "items": reference("FieldError")},
        },
    }
