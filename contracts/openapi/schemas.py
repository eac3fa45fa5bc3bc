"""The schemas of bodies: those of requests and of customers from the models, and the form of every problem."""

from typing import Any, Final

from pydantic import BaseModel

from commands.create_customer import CreateCustomer
from commands.update_customer import NewDetails
from events.customer import CUSTOMER_ID, Customer

Json = dict[str, Any]

EXAMPLE_ID: Final = "fd238dab-5c1a-48f1-89de-a63561268b99"
ID: Final[Json] = {"type": "string", "format": "uuid", "pattern": f"^{CUSTOMER_ID.pattern}$", "examples": [EXAMPLE_ID]}
_INSTANT: Final[Json] = {"format": "date-time", "minLength": 27, "maxLength": 27}
_REFINED: Final[dict[str, Json]] = {
    "id": ID,
    "version": {"minimum": 1, "description": "How many events made it: it grows by one with every change."},
    "created_at": {**_INSTANT, "description": "RFC 3339, UTC."},
    "updated_at": {**_INSTANT, "description": "When its newest change was made."},
}
PERSON: Final[Json] = {
    "full_name": "Ada Lovelace",
    "email": "ada@example.com",
    "birth": "1990-05-17",
    "city": "London",
    "country": "United Kingdom",
}
CUSTOMER: Final[Json] = {
    "id": EXAMPLE_ID,
    **PERSON,
    "version": 1,
    "created_at": "2026-05-17T09:30:00.000000Z",
    "updated_at": "2026-05-17T09:30:00.000000Z",
}


def reference(name: str) -> Json:
    """Points at one of `all_schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def all_schemas() -> dict[str, Json]:
    """Every schema that has a name."""
    return {
        "CreateCustomer": _of_request(CreateCustomer),
        "UpdateCustomer": _of_request(NewDetails),
        "Customer": _of_customer(),
        "CustomerPage": _page(),
        "Problem": _problem(),
        "FieldError": _field_error(),
    }


def _of_request(model: type[BaseModel]) -> Json:
    judged = (
        "Texts are trimmed, inner spaces made single, and composed (Unicode NFC) before they are judged. Of a repeated "
        "field the last counts."
    )
    schema = _of_model(model)
    return {**schema, "description": f"{schema['description']} {judged}", "examples": [PERSON]}


def _of_customer() -> Json:
    schema = _of_model(Customer, mode="serialization")
    for name, refinement in _REFINED.items():
        schema["properties"][name] |= refinement
    return {**schema, "description": "A customer as of one version.", "examples": [CUSTOMER]}


def _of_model(model: type[BaseModel], mode: Any = "validation") -> Json:
    schema = model.model_json_schema(mode=mode, ref_template="#/components/schemas/{model}")
    for each in schema["properties"].values():
        # pydantic's titles only repeat the names.
        del each["title"]
    return schema


def _page() -> Json:
    cursor = {"type": ["string", "null"], "description": "Gives the next page; null on the last one."}
    return {
        "type": "object",
        "description": "Customers, newest first.",
        "required": ["customers", "next_cursor"],
        "properties": {"customers": {"type": "array", "items": reference("Customer")}, "next_cursor": cursor},
        "examples": [{"customers": [CUSTOMER], "next_cursor": None}],
    }


def _problem() -> Json:
    return {
        "type": "object",
        "description": "What went wrong, in the form of RFC 9457.",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Stable: branch on it."},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "For people; it may change."},
            "instance": {"type": "string", "pattern": "^urn:request:", "description": "Names this one occurrence."},
            "errors": {"type": "array", "minItems": 1, "items": reference("FieldError")},
        },
    }


def _field_error() -> Json:
    return {
        "type": "object",
        "description": "One bad field. It never repeats what was sent.",
        "required": ["field", "detail"],
        "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
    }
