"""Reads the event table customer by customer, each history complete and in version order.

The pages of a segment have always returned a customer's events together and in version order. This is checked and not
relied on: the events of a customer whom a page does not return complete are read by customer id.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from events.envelope import Recorded
from events.store import EventStore, Position

History = Sequence[Recorded]


@dataclass(frozen=True, slots=True)
class Part:
    """The customers of one page.

    Attributes:
        histories: The complete history of each customer.
        events: The number of events on the page.
        next: Where the next page starts; None after the last.
        read_ahead: The customer whose events continue on the next page and whose complete history is in `histories`
            already; otherwise empty.
        missing: A requested customer without events; otherwise empty.
    """

    histories: Sequence[History]
    events: int
    next: Position | None = None
    read_ahead: str = ""
    missing: str = ""


class HistorySource(Protocol):
    """Reads customers' histories, in segments."""

    def part(self, segment: int, start: Position | None, read_ahead: str) -> Part:
        """Read the next part of a segment.

        Args:
            segment: The segment's number, from 0.
            start: `Part.next` of the previous part; None for the first.
            read_ahead: `Part.read_ahead` of the previous part.
        """
        ...


class AllCustomers:
    """Reads the whole event table."""

    def __init__(self, store: EventStore, segments: int, page: int) -> None:
        """
        Args:
            store: The event table.
            segments: Into how many segments the table is split.
            page: The number of events read at once.
        """
        self._store = store
        self._segments = segments
        self._page = page

    def part(self, segment: int, start: Position | None, read_ahead: str) -> Part:
        """See `HistorySource.part`."""
        page = self._store.read_page(segment, self._segments, start, self._page)
        cut = page.records[-1].customer_id if page.records and page.next else ""
        histories = list(complete(page.records, read_ahead, cut, self._store.read))
        return Part(histories, len(page.records), page.next, cut or (read_ahead if page.next else ""))


class NamedCustomers:
    """Reads a few customers, each as a segment."""

    def __init__(self, store: EventStore, customers: Sequence[str]) -> None:
        self._store = store
        self._customers = customers

    def part(self, segment: int, start: Position | None, read_ahead: str) -> Part:  # noqa: ARG002 - a single part
        """See `HistorySource.part`."""
        history = self._store.read(self._customers[segment])
        return Part([history], len(history)) if history else Part([], 0, missing=self._customers[segment])


def complete(records: History, read_ahead: str, cut: str, read: Callable[[str], History]) -> Iterator[History]:
    """Yield the complete histories of a page's customers.

    Args:
        read_ahead: The customer whose history the previous page returned complete, and who is skipped.
        cut: The customer with whom the page ends and the next one may continue; otherwise empty.
        read: Reads all events of a customer.
    """
    for customer_id, run in groupby(records, lambda record: record.customer_id):
        if customer_id == read_ahead:
            continue
        found = list(run)
        yield found if customer_id != cut and _has_no_gaps(found) else read(customer_id)


def _has_no_gaps(records: History) -> bool:
    return all(record.version == version for version, record in enumerate(records, 1))
