"""The schemas of request and response bodies. Those of requests and customers come from the models."""

from typing import Any, Final

from pydantic import BaseModel

from commands import patterns
from commands.create_customer import CreateCustomer
from commands.update_customer import NewDetails
from contracts.sample import SAMPLE, sample_of
from events.customer import CUSTOMER_ID, Customer
from projections.countries import COUNTRIES, normalised
from queries.get_statistics import MOST_GROUPS
from queries.search_customers import SearchCustomers

Json = dict[str, Any]

EXAMPLE_ID: Final[str] = SAMPLE["id"]
ID: Final[Json] = {"type": "string", "format": "uuid", "pattern": f"^{CUSTOMER_ID.pattern}$", "examples": [EXAMPLE_ID]}
_INSTANT: Final[Json] = {"format": "date-time", "minLength": 27, "maxLength": 27}
_REFINED: Final[dict[str, Json]] = {
    "id": ID,
    "version": {
        "minimum": 1,
        "description": "The number of events of this customer. It grows by one with every change.",
    },
    "created_at": {**_INSTANT, "description": "When the customer was created: RFC 3339, UTC."},
    "updated_at": {**_INSTANT, "description": "When the newest change was made: RFC 3339, UTC."},
}

_SAMPLE_COUNT: Final[Json] = {
    "group": normalised(SAMPLE["country"]),
    "customers": 1,
    "changed_at": SAMPLE["created_at"],
}


# The long patterns are written once: each field refers to them and adds its own length and description.
_TEXTS: Final[dict[str, Json]] = {
    "Text": {
        "type": "string",
        "description": "A text with a visible character. It contains no control characters, direction marks or other "
        "invisible format characters, and no characters that Unicode has not assigned or leaves to private use. "
        "Zero-width joiners and non-joiners are allowed inside words. The pattern is for Unicode (the flag `u`).",
        "pattern": patterns.text(),
    },
    "EmailAddress": {
        "type": "string",
        "description": "An e-mail address (RFC 5321, RFC 6531) without a quoted local part, at a domain name that is "
        "valid in IDNA 2008 after the mapping of UTS 46. The pattern is for Unicode (the flag `u`). It cannot express "
        "the rules of IDNA about whole labels: writing direction, characters that need others beside them, and the "
        "length in Punycode.",
        "pattern": patterns.email(),
    },
}


def reference(name: str) -> Json:
    """Return a reference to one of `all_schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def all_schemas() -> dict[str, Json]:
    """Return every named schema but those of the problems.

    Raises:
        SampleMissing: A required field has no sample value.
    """
    return {
        **_TEXTS,
        "CreateCustomer": request_schema(CreateCustomer, "The details of a new customer."),
        "UpdateCustomer": request_schema(NewDetails, "The new details of a customer."),
        "SearchCustomers": _search(),
        "Customer": customer_schema(Customer),
        "CustomerPage": _page(),
        "Statistics": _statistics(),
        "GroupCount": _group_count(),
        "FieldError": _field_error(),
    }


def request_schema(model: type[BaseModel], description: str) -> Json:
    """Return the schema of a request body.

    Args:
        description: What the body contains.
    """
    normalised = (
        "Strings are trimmed, inner white space of any kind is reduced to single spaces, and characters are composed "
        "(Unicode NFC) before validation."
    )
    schema = _schema_of(model)
    schema["properties"] = {name: _shortened(field) for name, field in schema["properties"].items()}
    return {**schema, "description": f"{description} {normalised}", "examples": [sample_of(model)]}


def _shortened(field: Json) -> Json:
    for name, text in _TEXTS.items():
        if field.get("pattern") == text["pattern"]:
            return reference(name) | {key: value for key, value in field.items() if key != "pattern"}
    return field


def customer_schema(model: type[BaseModel]) -> Json:
    """Return the schema of a customer in a response.

    Args:
        model: `Customer`.
    """
    schema = _schema_of(model, mode="serialization")
    for name, field in schema["properties"].items():
        field.update(_REFINED.get(name, {}))
    return {**schema, "description": "A customer at one version.", "examples": [sample_of(model)]}


def _schema_of(model: type[BaseModel], mode: Any = "validation") -> Json:
    schema = model.model_json_schema(mode=mode, ref_template="#/components/schemas/{model}")
    for field in schema["properties"].values():
        # Pydantic derives the title from the name, so it adds nothing.
        field.pop("title", None)
    return schema


def _search() -> Json:
    schema = {**_schema_of(SearchCustomers), "examples": [sample_of(SearchCustomers)]}
    return {**schema, "description": "Whom to find. The address is trimmed, and compared in every spelling."}


def _page() -> Json:
    cursor = {"type": ["string", "null"], "description": "Send it back to get the next page. Null on the last page."}
    return {
        "type": "object",
        "description": "Customers, newest first.",
        "required": ["customers", "next_cursor"],
        "properties": {"customers": {"type": "array", "items": reference("Customer")}, "next_cursor": cursor},
        "examples": [{"customers": [sample_of(Customer)], "next_cursor": None}],
    }


def _statistics() -> Json:
    counted = {"type": "integer", "minimum": 0}
    others = {
        "type": "object",
        "description": f"The sum of the groups beyond the {MOST_GROUPS} largest.",
        "required": ["groups", "customers"],
        "properties": {"groups": counted, "customers": counted},
    }
    groups = {
        "type": "array",
        "description": "The largest first, and equal ones by name.",
        "maxItems": MOST_GROUPS,
        "items": reference("GroupCount"),
    }
    changed_at = {"type": ["string", "null"], **_INSTANT, "description": "When a count changed last; null before that."}
    return {
        "type": "object",
        "description": "How many customers each group has.",
        "required": ["view", "customers", "changed_at", "groups", "others"],
        "properties": {
            "view": {"type": "string", "description": "What the customers are counted by."},
            "customers": {**counted, "description": "All customers who are counted."},
            "changed_at": changed_at,
            "groups": groups,
            "others": others,
        },
        "examples": [
            {
                "view": COUNTRIES.name,
                "customers": 1,
                "changed_at": _SAMPLE_COUNT["changed_at"],
                "groups": [_SAMPLE_COUNT],
                "others": {"groups": 0, "customers": 0},
            }
        ],
    }


def _group_count() -> Json:
    return {
        "type": "object",
        "description": "How many customers one group has.",
        "required": ["group", "customers", "changed_at"],
        "properties": {
            "group": {
                "type": "string",
                "description": "A text as it is counted: trimmed, in lower case, with single spaces.",
            },
            "customers": {"type": "integer", "minimum": 1},
            "changed_at": {"type": "string", **_INSTANT, "description": "When the count changed last."},
        },
        "examples": [_SAMPLE_COUNT],
    }


def _field_error() -> Json:
    return {
        "type": "object",
        "description": "An invalid field. The detail never repeats the value that was sent.",
        "required": ["field", "detail"],
        "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
    }
