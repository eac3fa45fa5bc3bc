"""The event bus as the publisher sees it: a port, and the ways in which a request to it can fail."""

from collections.abc import Sequence
from typing import Protocol

from publisher.entries import Entry


class BusMissing(Exception):
    """The bus does not exist. No event counts as published until it does."""


class BusUnavailable(Exception):
    """The bus rejected the request for now, or its response was lost, so the events may or may not be on the bus.

    The message is the kind of failure.
    """


class RequestRefused(Exception):
    """The bus rejects the request on every try, because of one of its entries. The message is the error code.

    One invalid entry is enough to have the whole request rejected.
    """


class Bus(Protocol):
    """Delivers entries to the consumers."""

    def put(self, entries: Sequence[Entry]) -> Sequence[str]:
        """Send entries in one request.

        Args:
            entries: Within the limits of one request, see `publisher.entries.split_into_requests`.

        Returns:
            One string per entry: empty if the entry is on the bus, otherwise the error code.

        Raises:
            BusMissing: None of the entries counts as published.
            BusUnavailable: Some entries may be on the bus.
            RequestRefused: No entry is on the bus.
        """
        ...
