"""Reads pages of the event table customer by customer."""

from collections.abc import Iterable

from events.envelope import Recorded
from events.store import Position


def by_customer(records: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    """Group records by customer, in the order of the page."""
    grouped: dict[str, list[Recorded]] = {}
    for record in records:
        grouped.setdefault(record.customer_id, []).append(record)
    return grouped


def customer_at(position: Position | None) -> str:
    """Return the customer whose event a position names; empty at the start and at the end."""
    return position["customer_id"] if position else ""
