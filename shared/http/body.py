"""Parses a JSON body into a pydantic model and reports every invalid field."""

from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.http.problems import BodyTooLarge, FieldError, InvalidFields, MalformedBody

Model = TypeVar("Model", bound=BaseModel)

# Several times the longest valid body. API Gateway itself accepts 10 MB.
LONGEST_BODY_BYTES: Final = 16 * 1024

# What to fix, by pydantic's type of error.
_FIXES: Final = {
    "missing": "is required",
    "extra_forbidden": "is unknown: remove it",
    "string_type": "must be a string",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}


def parse_body(model: type[Model], body: bytes, context: Mapping[str, object]) -> Model:
    """Validate a body.

    Args:
        body: JSON in UTF-8, at most `LONGEST_BODY_BYTES`.
        context: Values for the model's validators, such as today's date.

    Raises:
        BodyTooLarge: The body is longer than `LONGEST_BODY_BYTES`.
        MalformedBody: The body is not JSON.
        InvalidFields: Some fields are invalid. The error names each of them.
    """
    if len(body) > LONGEST_BODY_BYTES:
        raise BodyTooLarge(f"Send at most {LONGEST_BODY_BYTES} bytes.")
    try:
        return model.model_validate_json(body, context=dict(context))
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        raise MalformedBody("Send one JSON object in UTF-8.")
    raise InvalidFields([_field_error(error) for error in errors])


def _field_error(error: ErrorDetails) -> FieldError:
    field = ".".join(map(str, error["loc"])) or "body"
    fix = _FIXES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return FieldError(field, f"{field} {fix}.", unknown=error["type"] == "extra_forbidden")
