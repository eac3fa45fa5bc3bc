"""Reads pages of the event table customer by customer."""

from collections.abc import Iterable

from events.envelope import Recorded
from events.store import EventPage, Position


def by_customer(records: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    """Group records by customer, in the order of the page."""
    grouped: dict[str, list[Recorded]] = {}
    for record in records:
        grouped.setdefault(record.customer_id, []).append(record)
    return grouped


def customers_begun(page: EventPage, start: Position | None) -> tuple[dict[str, list[Recorded]], str]:
    """The customers whose events begin on a page of the log.

    Args:
        page: A page of the event table, as `EventStore.read_page` returns it.
        start: Where the page started; None for the first one.

    Returns:
        Their events on the page, and the id of the customer whose events continue on the next page: read that one as a
        whole. The id is empty after the last page.
    """
    histories = by_customer(page.records)
    # A customer whose events began on the page before was among those that begin there.
    histories.pop(_customer_at(start), None)
    return histories, _customer_at(page.next)


def _customer_at(position: Position | None) -> str:
    return position["customer_id"] if position else ""
