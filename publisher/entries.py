"""CloudEvents as entries of EventBridge's PutEvents, in requests that the service takes.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from publisher.cloud_event import TYPE_PREFIX, encoded

SOURCE: Final = "customers"
# API reference, "PutEvents": Entries, at most 10 items.
MOST_ENTRIES: Final = 10
# "The total entry size must be less than 1MB" (service model of botocore 1.44, PutEvents; it was 256 KB before). In the
# smaller sense of MB, which is right in either.
SIZE_LIMIT: Final = 1_000_000
# EventBridge user guide, "Calculating PutEvents event entry size".
_TIME_SIZE: Final = 14


class TooLarge(Exception):
    """An event that EventBridge cannot carry, not even alone."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes, and an entry must have less than {SIZE_LIMIT}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, without the name of the bus.

    Attributes:
        detail_type: The event's type, by which rules choose.
        detail: The CloudEvent as JSON.
        trace_header: The X-Ray trace, or an empty text.
    """

    detail_type: str
    detail: str
    trace_header: str = ""

    @property
    def size(self) -> int:
        """Bytes by EventBridge's arithmetic, with the time although none is sent, to be on the safe side."""
        return _TIME_SIZE + sum(len(text.encode()) for text in (SOURCE, self.detail_type, self.detail))

    def as_request(self, bus: str) -> dict[str, Any]:
        """The entry as PutEvents takes it.

        Args:
            bus: The bus's name or ARN.
        """
        trace = {"TraceHeader": self.trace_header} if self.trace_header else {}
        return {
            "EventBusName": bus, "Source": SOURCE, "DetailType": self.detail_type, "Detail": self.detail, **trace,
        }  # fmt: skip


def entry_of(said: Mapping[str, Any]) -> Entry:
    """A CloudEvent's entry.

    Args:
        said: As `cloud_event` makes it.

    Raises:
        TooLarge: It cannot be carried.
    """
    entry = Entry(said["type"].removeprefix(TYPE_PREFIX), encoded(said), _trace_header(said.get("traceparent", "")))
    if entry.size >= SIZE_LIMIT:
        raise TooLarge(entry.size)
    return entry


def requests(sizes: Sequence[int]) -> Iterator[slice]:
    """Cut entries into requests, in their order: as few as an order allows.

    Args:
        sizes: Of the entries, each below `SIZE_LIMIT`.

    Returns:
        Where each request begins and ends.
    """
    start, total = 0, 0
    for index, size in enumerate(sizes):
        if index > start and (index - start == MOST_ENTRIES or total + size >= SIZE_LIMIT):
            yield slice(start, index)
            start, total = index, 0
        total += size
    if start < len(sizes):
        yield slice(start, len(sizes))


def _trace_header(traceparent: str) -> str:
    trace = traceparent[3:35]
    return f"Root=1-{trace[:8]}-{trace[8:]}" if trace else ""
