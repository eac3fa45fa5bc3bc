"""The error responses: for each status the possible problems, from the tree in shared/http/problems.py."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from contracts.openapi.headers import headers, optional_headers
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


def _by_status(kinds: Sequence[Kind]) -> list[tuple[HTTPStatus, list[Kind]]]:
    in_order = sorted(kinds, key=lambda kind: (kind.status, kind.slug))
    return [(status, list(group)) for status, group in groupby(in_order, lambda kind: kind.status)]


def _name(kinds: Sequence[Kind]) -> str:
    return "Or".join(kind.__name__ for kind in kinds)


def _response(status: HTTPStatus, kinds: list[Kind]) -> Json:
    response: Json = {
        "description": "; ".join(f"{kind.title} (`{kind.slug}`)" for kind in kinds) + ".",
        "content": {"application/problem+json": {"schema": _schema(status, kinds)}},
    }
    if status == HTTPStatus.PRECONDITION_FAILED:
        # The list has no ETag, and a read returns no token.
        response["headers"] = optional_headers("ETag", "Consistency-Token")
    if own := _OWN_HEADERS.get(status):
        response["headers"] = headers(*own)
    return response


def _schema(status: HTTPStatus, kinds: list[Kind]) -> Json:
    narrowed = {
        "type": {"enum": [f"/docs/problems/{kind.slug}" for kind in kinds]},
        "title": {"enum": [kind.title for kind in kinds]},
        "status": {"const": int(status)},
    }
    return {"allOf": [reference("Problem"), {"type": "object", "properties": narrowed}]}
