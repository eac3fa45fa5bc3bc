"""The sample person, and the events of sample customers.

`PERSON` is the one place where tests list the fields of a customer. A required field is added here; an optional one
may be left out.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from events.codec import encode
from events.customer import CustomerCreated, CustomerErased, CustomerEvent, CustomerUpdated
from events.envelope import Event, Metadata
from shared.runtime.clock import timestamp

START: Final = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
METADATA: Final = Metadata(correlation_id="cor-1", causation_id="req-1", actor="user-1", command_id="req-1")
PERSON: Final = {
    "full_name": "Ada Lovelace",
    "email": "ada@example.com",
    "birth": "1990-05-17",
    "city": "London",
    "country": "United Kingdom",
}
PERSONAL_FIELDS: Final = tuple(PERSON)
SYSTEM_FIELDS: Final = frozenset({"id", "version", "created_at", "updated_at"})


def machine_claims(*scopes: str, subject: str = "machine-1") -> dict[str, Any]:
    """The claims of an access token that a machine got with its credentials, as API Gateway passes them on."""
    return {"sub": subject, "client_id": subject, "token_use": "access", "scope": " ".join(scopes)}


def person_claims(*scopes: str, subject: str = "user-1", groups: str = "") -> dict[str, Any]:
    """The claims of a person's access token.

    Args:
        groups: As API Gateway passes the claim on, for example `[a b]`; empty for a token without the claim.
    """
    claims = {**machine_claims(*scopes, subject=subject), "client_id": "client-1"}
    return {**claims, "cognito:groups": groups} if groups else claims


def valid_body(**changes: Any) -> dict[str, Any]:
    """A body that POST /customers accepts."""
    return {**PERSON, **changes}


def details_of(customer: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The body of a PUT that replaces a customer's details by the same ones, apart from `changes`."""
    return {name: value for name, value in customer.items() if name not in SYSTEM_FIELDS} | changes


def created(customer_id: str | None = None, *, second: int = 0, version: int = 1, **fields: Any) -> Event:
    """A CustomerCreated event.

    Args:
        customer_id: A new id if None.
        second: When it occurred, in seconds after `START`.
        version: Any value but 1 makes an event that production code never writes.
        **fields: Replace fields of `PERSON`.
    """
    return _event(CustomerCreated(**_details(fields)), customer_id, version, second)


def updated(customer_id: str, version: int, **fields: Any) -> Event:
    """A CustomerUpdated event that occurs `version` seconds after `START`."""
    return _event(CustomerUpdated(**_details(fields)), customer_id, version, version)


def erased(customer_id: str, version: int) -> Event:
    """A CustomerErased event that occurs `version` seconds after `START`."""
    return _event(CustomerErased(), customer_id, version, version)


def history(customer_id: str, versions: int) -> list[Event]:
    """A customer's first events. Each sets the city to "city <version>"."""
    return [
        created(customer_id, second=1, city="city 1"),
        *(updated(customer_id, version, city=f"city {version}") for version in range(2, versions + 1)),
    ]


def _details(fields: dict[str, Any]) -> dict[str, Any]:
    return {**PERSON, "birth": date.fromisoformat(PERSON["birth"]), **fields}


def _event(data: CustomerEvent, customer_id: str | None, version: int, second: int) -> Event:
    return encode(
        data,
        customer_id=customer_id or str(uuid.uuid4()),
        version=version,
        event_id=str(uuid.uuid4()),
        occurred_at=timestamp(START + timedelta(seconds=second)),
        metadata=METADATA,
    )
