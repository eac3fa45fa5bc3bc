"""CloudEvents as entries of EventBridge's PutEvents, split into requests within the limits of the service.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from publisher.cloud_event import TYPE_PREFIX, to_json

SOURCE: Final = "customers"
# API reference, "PutEvents": Entries, at most 10 items.
MAX_ENTRIES: Final = 10
# "The total entry size must be less than 1MB" (service model of botocore 1.44, PutEvents; it was 256 KB before). A
# million bytes is below the limit whichever kind of megabyte is meant.
SIZE_LIMIT: Final = 1_000_000
# EventBridge user guide, "Calculating PutEvents event entry size".
_TIME_SIZE: Final = 14


class TooLarge(Exception):
    """The event exceeds EventBridge's limit even when it is sent alone."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the entry has {size} bytes, and EventBridge accepts fewer than {SIZE_LIMIT}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, without the name of the bus.

    Attributes:
        detail_type: The event's type, which rules match on.
        detail: The CloudEvent as JSON.
        trace_header: The X-Ray trace header, or an empty string.
    """

    detail_type: str
    detail: str
    trace_header: str = ""

    @property
    def size(self) -> int:
        """Bytes as EventBridge counts them. Includes the time, which is not sent, to be on the safe side."""
        return _TIME_SIZE + sum(len(text.encode()) for text in (SOURCE, self.detail_type, self.detail))

    def to_request_entry(self, bus: str) -> dict[str, Any]:
        """The entry as a PutEventsRequestEntry.

        Args:
            bus: The bus's name or ARN.
        """
        trace = {"TraceHeader": self.trace_header} if self.trace_header else {}
        return {
            "EventBusName": bus, "Source": SOURCE, "DetailType": self.detail_type, "Detail": self.detail, **trace,
        }  # fmt: skip


def to_entry(event: Mapping[str, Any]) -> Entry:
    """The entry for a CloudEvent.

    Args:
        event: The result of `publisher.cloud_event.cloud_event`.

    Raises:
        TooLarge: EventBridge cannot carry the event.
    """
    detail_type = event["type"].removeprefix(TYPE_PREFIX)
    entry = Entry(detail_type, to_json(event), _trace_header(event.get("traceparent", "")))
    if entry.size >= SIZE_LIMIT:
        raise TooLarge(entry.size)
    return entry


def split_into_requests(sizes: Sequence[int]) -> Iterator[slice]:
    """Split entries into as few requests as possible without changing their order.

    Args:
        sizes: The size of each entry in bytes, each below `SIZE_LIMIT`.

    Returns:
        The slice of the entries that each request takes.
    """
    start, total = 0, 0
    for index, size in enumerate(sizes):
        if index > start and (index - start == MAX_ENTRIES or total + size >= SIZE_LIMIT):
            yield slice(start, index)
            start, total = index, 0
        total += size
    if start < len(sizes):
        yield slice(start, len(sizes))


def _trace_header(traceparent: str) -> str:
    if not traceparent:
        return ""
    _, trace, segment, flags = traceparent.split("-")
    parent = f";Parent={segment};Sampled=1" if flags == "01" else ""
    return f"Root=1-{trace[:8]}-{trace[8:]}{parent}"
