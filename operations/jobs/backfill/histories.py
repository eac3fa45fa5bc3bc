"""Reads the event table customer by customer, each whole and in version order.

A segment's pages bring a customer's events one after the other and in version order, in every order that was ever
seen. That is looked at and not relied on: whoever a page does not bring whole is read by their id.
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
    """A page's customers.

    Attributes:
        histories: One for each.
        events: How many events the page had.
        next: Where the next page starts; None after the last.
        given: The customer whose events go on in the next page, and who is in `histories` whole; or an empty text.
        missing: A customer who was asked for, and has no event; or an empty text.
    """

    histories: Sequence[History]
    events: int
    next: Position | None = None
    given: str = ""
    missing: str = ""


class Source(Protocol):
    """Gives customers, in segments."""

    def part(self, segment: int, start: Position | None, given: str) -> Part:
        """Read on.

        Args:
            segment: Which, from 0.
            start: `Part.next` of the part before; None for the first.
            given: `Part.given` of the part before.
        """
        ...


class Everybody:
    """The whole event table."""

    def __init__(self, store: EventStore, segments: int, page: int) -> None:
        """Join it to the table.

        Args:
            store: The event table.
            segments: Into how many parts the reading is cut.
            page: Events read at once.
        """
        self._store = store
        self._segments = segments
        self._page = page

    def part(self, segment: int, start: Position | None, given: str) -> Part:
        """See `Source.part`."""
        page = self._store.read_page(segment, self._segments, start, self._page)
        cut = page.records[-1].customer_id if page.records and page.next else ""
        histories = list(whole(page.records, given, cut, self._store.read))
        return Part(histories, len(page.records), page.next, cut or (given if page.next else ""))


class Named:
    """A few customers, each a segment of their own."""

    def __init__(self, store: EventStore, customers: Sequence[str]) -> None:
        """Join it to the table.

        Args:
            store: The event table.
            customers: Their ids.
        """
        self._store = store
        self._customers = customers

    def part(self, segment: int, start: Position | None, given: str) -> Part:  # noqa: ARG002 - one page is all
        """See `Source.part`."""
        history = self._store.read(self._customers[segment])
        return Part([history], len(history)) if history else Part([], 0, missing=self._customers[segment])


def whole(records: History, given: str, cut: str, read: Callable[[str], History]) -> Iterator[History]:
    """Make whole histories of a page.

    Args:
        records: The page.
        given: Who was given whole already, should the page begin with the rest of them.
        cut: With whom the page ends, although the next one may have more of them; or an empty text.
        read: Gives all events of a customer.
    """
    for customer_id, run in groupby(records, lambda record: record.customer_id):
        if customer_id == given:
            continue
        found = list(run)
        yield found if customer_id != cut and _is_from_the_first(found) else read(customer_id)


def _is_from_the_first(records: History) -> bool:
    return all(record.version == version for version, record in enumerate(records, 1))
