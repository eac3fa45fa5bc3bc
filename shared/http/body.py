"""Reads a JSON body into a pydantic model, and says what is wrong with it field by field."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.http.problems import BodyTooLarge, FieldError, InvalidFields, MalformedBody

Model = TypeVar("Model", bound=BaseModel)

# Several times the longest valid body; API Gateway itself would take 10 MB.
LONGEST_BODY_BYTES = 16 * 1024

_MENDS = {
    "missing": "is required",
    "extra_forbidden": "is not known: leave it out",
    "string_type": "must be a text",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}


def parse_body(model: type[Model], body: bytes, context: Mapping[str, object]) -> Model:
    """Validate a body.

    Args:
        model: What it must be.
        body: JSON in UTF-8, at most 16 KiB.
        context: What the model's validators may need, such as today's date.

    Raises:
        BodyTooLarge: It is longer than 16 KiB.
        MalformedBody: It is not JSON.
        InvalidFields: Some fields are bad; each is named.
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
    mend = _MENDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return FieldError(field, f"{field} {mend}.", unknown=error["type"] == "extra_forbidden")
