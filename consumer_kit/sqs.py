"""A batch of an SQS event source mapping with `ReportBatchItemFailures`.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from consumer_kit.consumer import EventResult
from consumer_kit.event import PublishedEvent, Rejected
from consumer_kit.parsing import from_sqs

# With a queue that hides a received message for a minute, longer than an hour.
MAX_RECEIVES: Final = 100

Record = Mapping[str, Any]


class DeadLetterSink(Protocol):
    """Records messages that no retry can fix. `DeadLetters` is one."""

    def send(self, body: str, reason: str) -> None:
        """Record which event a message has, and the reason. The body is personal data, so do not keep it."""
        ...


@dataclass(slots=True)
class BatchResult:
    """What happened to a batch.

    Attributes:
        results: One result per event that did not fail.
        rejected: Message id -> reason, for the messages that are dead letters now.
        failed: Message id -> kind of error, for the messages that SQS delivers again. The error's message is left
            out, because it may quote personal data.
    """

    results: list[EventResult] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def response(self) -> dict[str, list[dict[str, str]]]:
        """What the Lambda function must return: the failed messages. SQS deletes the others."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}


def handle_batch(
    records: Sequence[Record],
    handle: Callable[[PublishedEvent], EventResult],
    dead_letters: DeadLetterSink,
    max_receives: int = MAX_RECEIVES,
) -> BatchResult:
    """Handle every event of a batch. A failed event does not stop the others.

    The events of a customer are handled in the order of epoch and version, whatever their order in the batch, so that
    fewer are held.

    Args:
        records: `Records` of the Lambda event.
        handle: Usually `Consumer.handle`.
        dead_letters: Records the rejected messages.
        max_receives: How often a message may be received before its failure makes it a dead letter. Less than the
            queue's `maxReceiveCount`, so that SQS does not move the message first, with its personal data.
    """
    batch = BatchResult()
    events = []
    for record in records:
        with _recording_failures(record, batch, dead_letters, max_receives):
            events.append((from_sqs(record), record))
    for event, record in sorted(events, key=lambda pair: _order(pair[0])):
        with _recording_failures(record, batch, dead_letters, max_receives):
            batch.results.append(handle(event))
    return batch


def _order(event: PublishedEvent) -> tuple[str, int, int]:
    return event.customer_id, event.epoch, event.version


@contextmanager
def _recording_failures(
    record: Record, batch: BatchResult, dead_letters: DeadLetterSink, max_receives: int
) -> Iterator[None]:
    try:
        try:
            yield
        except Rejected as error:
            _reject(record, batch, dead_letters, str(error) or type(error).__name__)
        except Exception as error:
            if _receives(record) < max_receives:
                raise
            _reject(record, batch, dead_letters, f"failed {_receives(record)} times, last with {type(error).__name__}")
    except Exception as error:  # noqa: BLE001 - whatever fails, only this message is delivered again
        batch.failed[record["messageId"]] = type(error).__name__


def _reject(record: Record, batch: BatchResult, dead_letters: DeadLetterSink, reason: str) -> None:
    dead_letters.send(record["body"], reason)
    batch.rejected[record["messageId"]] = reason


def _receives(record: Record) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
