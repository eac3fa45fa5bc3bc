"""Batches: the records of one shard for one invocation, and the buffer that collects them."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from local.event_source_mapping.records import StreamRecord, encode

PAYLOAD_LIMIT: Final = 6 * 1024 * 1024  # bytes
_ENVELOPE: Final = len(b'{"Records":[]}')


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of a single shard, in stream order, never empty."""

    shard_id: str
    records: tuple[StreamRecord, ...]

    @property
    def payload(self) -> bytes:
        """The payload of the invocation."""
        return encode({"Records": [record.event for record in self.records]})

    def __len__(self) -> int:
        return len(self.records)


class Buffer:
    """Records that were read but are not yet in a batch.

    A batch closes at its maximum size, at the end of its window or at 6 MB of payload, whichever comes first (AWS
    Lambda docs, "Batching behavior").
    """

    def __init__(self, batch_size: int, window: float, payload_limit: int = PAYLOAD_LIMIT) -> None:
        """Create an empty buffer.

        Args:
            batch_size: Maximum number of records.
            window: Seconds to wait for more records, counted from the read of the first.
            payload_limit: Maximum size of the serialised payload in bytes.
        """
        self._batch_size = batch_size
        self._window = window
        self._payload_limit = payload_limit
        self._waiting: deque[tuple[float, StreamRecord]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def oldest(self) -> StreamRecord | None:
        """The record that has waited the longest."""
        return self._waiting[0][1] if self._waiting else None

    def add(self, records: Iterable[StreamRecord], now: float) -> None:
        """Append records that were just read, in stream order."""
        self._waiting.extend((now, record) for record in records)

    def closes_at(self) -> float | None:
        """When the next batch's window ends, in seconds since the epoch; None without records."""
        return self._waiting[0][0] + self._window if self._waiting else None

    def take(self, now: float, *, flush: bool = False) -> tuple[StreamRecord, ...]:
        """Remove and return the next batch; empty if none is due.

        Args:
            now: Seconds since the epoch.
            flush: No more records will come, so do not wait for the window.
        """
        count = self._fitting()
        closes = self.closes_at()
        if closes is None or not (flush or closes <= now or count == self._batch_size or count < len(self._waiting)):
            return ()
        return tuple(self._waiting.popleft()[1] for _ in range(count))

    def _fitting(self) -> int:
        """How many waiting records fit into one payload. At least one: a single record is far below 6 MB."""
        size, count = _ENVELOPE - 1, 0
        for _, record in self._waiting:
            size += record.size + 1
            if count and (size > self._payload_limit or count == self._batch_size):
                break
            count += 1
        return count
