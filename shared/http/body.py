"""Parses a JSON body into a pydantic model and reports every invalid field."""

import json
import re
from collections.abc import Mapping
from typing import Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.http.problems import (
    BodyTooLarge,
    FieldError,
    InvalidFields,
    MalformedBody,
    UnsupportedMedia,
    unknown_field,
)
from shared.http.request import Request

Model = TypeVar("Model", bound=BaseModel)

# Several times the longest valid body. API Gateway itself accepts 10 MB.
LONGEST_BODY_BYTES: Final = 16 * 1024

_JSON: Final = re.compile(
    r"""[ \t]*application/json[ \t]*(;[ \t]*charset=("?)utf-8\2[ \t]*)?;?[ \t]*""", re.ASCII | re.IGNORECASE
)
_BYTE_ORDER_MARK: Final = "\ufeff"

# What to fix, by pydantic's type of error.
_FIXES: Final = {
    "missing": "is required",
    "string_type": "must be a string",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}


def parse_request(model: type[Model], request: Request, context: Mapping[str, object]) -> Model:
    """Validate a request's body; see `parse_body`.

    Raises:
        UnsupportedMedia: The body is declared as something other than JSON in UTF-8, or is compressed or binary.
    """
    content_type = request.headers.get("content-type", "application/json")
    if request.is_binary or not _JSON.fullmatch(content_type):
        raise UnsupportedMedia("Send the body as application/json in UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMedia("Send the body without a Content-Encoding.")
    return parse_body(model, request.body, context)


def parse_body(model: type[Model], body: bytes, context: Mapping[str, object]) -> Model:
    """Validate a body.

    Args:
        body: JSON in UTF-8, at most `LONGEST_BODY_BYTES`.
        context: Values for the model's validators, such as today's date.

    Raises:
        BodyTooLarge: The body is longer than `LONGEST_BODY_BYTES`.
        MalformedBody: The body is not JSON, or is JSON on which parsers disagree: it repeats a member (RFC 8259, 4),
            has a number that JSON does not know, or starts with a byte-order mark (RFC 8259, 8.1).
        InvalidFields: Some fields are invalid. The error names each of them.
    """
    if len(body) > LONGEST_BODY_BYTES:
        raise BodyTooLarge(f"Send at most {LONGEST_BODY_BYTES} bytes.")
    _require_strict_json(body)
    try:
        return model.model_validate_json(body, context=dict(context))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        raise MalformedBody("Send one JSON object in UTF-8.")
    raise InvalidFields([_field_error(error) for error in errors])


def _require_strict_json(body: bytes) -> None:
    try:
        text = body.decode()
        if text.startswith(_BYTE_ORDER_MARK):
            raise MalformedBody("The body starts with a byte-order mark (U+FEFF). Send UTF-8 without one.")
        # Numbers are not converted: Python refuses to convert very long ones.
        json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise MalformedBody("Send one JSON object in UTF-8.") from None


def _distinct(members: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(members)
    if len(document) < len(members):
        raise MalformedBody("A member of the JSON object is repeated. Send each member once.")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not JSON. Send a number or a string.")


def _field_error(error: ErrorDetails) -> FieldError:
    field = ".".join(map(str, error["loc"])) or "body"
    if error["type"] == "extra_forbidden":
        return unknown_field(field)
    fix = _FIXES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return FieldError(field, f"{field} {fix}.")
