"""Tells Schemathesis what OpenAPI cannot express. This runs in Schemathesis's process, not in pytest's.

It calls the API as a client that wants to read its own writes: with tokens and cursors that the API returned.
"""

import itertools
import re
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import schemathesis
from hypothesis import strategies as st
from schemathesis import HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import RejectedPositiveData

from commands import patterns
from events.customer import CUSTOMER_ID
from events.mailbox import NotADomain, ascii_domain

Values: TypeAlias = dict[str, Any]
Case: TypeAlias = "schemathesis.Case[Any]"

_URL_SAFE: Final = re.compile("[A-Za-z0-9_-]+")
_KEY: Final = re.compile("[!-~]{1,255}")
_RUN: Final = uuid.uuid4().hex
_numbers: Final = itertools.count()
# Customer id -> the token of the customer's newest write.
_tokens: Final[dict[str, str]] = {}
_living: Final[set[str]] = set()
_cursors: Final[list[str]] = []
_emails: Final = {"ada@example.com"}


# Hypothesis needs ten seconds to read one of the published patterns and finds no address that matches. So it generates
# from these strategies, and each value is checked against the published pattern. The short patterns are for values
# that the API must refuse.
_PRINTABLE: Final = st.characters(categories=("L", "M", "N", "P", "S"), include_characters=" ")
_ATOMS: Final = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=30)
_STRATEGIES: Final = {
    "Text": ("customers-text", st.text(_PRINTABLE, min_size=1, max_size=100), "[^\\x00-\\x20]"),
    "EmailAddress": (
        "customers-email",
        st.one_of(st.emails(), st.builds("{}@b\u00fccher.example".format, _ATOMS)),
        "^[^@]+@[^@]+\\.[^@]+$",
    ),
}


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: Values) -> None:
    """Replaces the long patterns by formats with strategies."""
    schemas = raw_schema["components"]["schemas"]
    for name, (format_name, strategy, short) in _STRATEGIES.items():
        pattern = re.compile(schemas[name]["pattern"])
        schemathesis.openapi.format(format_name, strategy.filter(pattern.search))
        schemas[name] |= {"format": format_name, "pattern": short}


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: Values) -> None:
    """Replaces well-formed made-up values: tokens and cursors by the API's own, keys and addresses by new ones.

    Malformed values stay, because the API must refuse them.
    """
    if case.meta and case.meta.phase.name == TestPhase.COVERAGE:
        case.path_parameters = _with_living_customer(dict(case.path_parameters))
    case.headers = type(case.headers)(_with_own_tokens(case, dict(case.headers)))
    case.query = _with_own_cursor(dict(case.query or {}))
    if isinstance(case.body, dict):
        case.body = _with_new_email(case.body)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    """Remembers what the API returned."""
    answer = response.json() if response.status_code in (200, 201) else {}
    if token := response.headers.get("consistency-token"):
        _tokens[_customer_of(case) or answer["id"]] = token[0]
    if case.method == "DELETE":
        _living.discard(_customer_of(case))
    elif "id" in answer:
        _living.add(answer["id"])
    if answer.get("next_cursor"):
        _cursors.append(answer["next_cursor"])
    if "email" in answer:
        _emails.add(answer["email"])


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Drops findings about things that JSON Schema cannot express: "in the past", "trimmed" and IDNA."""
    body = case.body
    if not isinstance(body, dict):
        return True
    if isinstance(failure, RejectedPositiveData) and response.status_code == 422:
        refused = [error["field"] for error in response.json().get("errors", [])]
        return not all(
            (field == "birth" and str(body["birth"]) >= datetime.now(UTC).date().isoformat())
            or (field == "email" and not _is_domain(str(body["email"]).strip().rpartition("@")[2]))
            for field in refused
        )
    if isinstance(failure, AcceptedNegativeData):
        trimmed = {name: _trimmed(value) for name, value in body.items()}
        [described] = case.operation.body
        return trimmed == body or not described.is_valid(trimmed)
    return True


def _is_domain(text: str) -> bool:
    try:
        ascii_domain(text)
    except NotADomain:
        return False
    return True


def _with_living_customer(path: Values) -> Values:
    """The coverage phase would call every route with a made-up id and get nothing but 404."""
    customer_id = path.get("customer_id")
    if _looks(CUSTOMER_ID, customer_id) and customer_id not in _living and _living:
        return {"customer_id": max(_living)}
    return path


def _with_own_tokens(case: Case, headers: Values) -> Values:
    if _looks(_KEY, headers.get("Idempotency-Key")):
        headers["Idempotency-Key"] = f"{headers['Idempotency-Key'][:200]}.{_RUN}.{next(_numbers)}"
    for name, harmless in (("If-Match", "*"), ("If-None-Match", '"0"')):
        if headers.get(name) == "0":
            # The coverage phase cannot generate a header with a quotation mark and sends 0 as every condition. That
            # error would hide all others of the same request.
            headers[name] = harmless
    if _looks(_URL_SAFE, headers.get("Consistency-Token")):
        del headers["Consistency-Token"]
    if (token := _tokens.get(_customer_of(case))) and case.method == "GET" and "Consistency-Token" not in headers:
        headers |= {"Consistency-Token": token, "Prefer": "wait=10"}
    return headers


def _with_own_cursor(query: Values) -> Values:
    if _looks(_URL_SAFE, query.get("cursor")) and query["cursor"] not in _cursors:
        del query["cursor"]
        query |= {"cursor": _cursors[-1]} if _cursors else {}
    return query


def _with_new_email(body: Mapping[str, Any]) -> Values:
    """Keeps every eighth taken address, because a taken address has its own response."""
    email = body.get("email")
    if isinstance(email, str) and email in _emails and next(_numbers) % 8:
        return {**body, "email": f"{_RUN}.{next(_numbers)}@example.com"}
    if isinstance(email, str):
        _emails.add(email)
    return dict(body)


def _customer_of(case: Case) -> str:
    return str((case.path_parameters or {}).get("customer_id", ""))


def _looks(like: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and bool(like.fullmatch(value))


def _trimmed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return patterns.SPACES.sub(" ", patterns.ENDS.sub("", unicodedata.normalize("NFC", value)))
