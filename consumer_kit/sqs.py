"""A batch of an SQS event source mapping with `ReportBatchItemFailures`.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from consumer_kit.consumer import EventResult
from consumer_kit.event import PublishedEvent, Rejected
from consumer_kit.parsing import from_sqs

Record = Mapping[str, Any]


class DeadLetterSink(Protocol):
    """Stores messages that no retry can fix. `DeadLetters` is one."""

    def send(self, body: str, reason: str) -> None:
        """Store a message with its reason."""
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
    records: Sequence[Record], handle: Callable[[PublishedEvent], EventResult], dead_letters: DeadLetterSink
) -> BatchResult:
    """Handle every event of a batch. A failed event does not stop the others.

    The events of a customer are handled in version order, whatever their order in the batch, so that fewer are held.

    Args:
        records: `Records` of the Lambda event.
        handle: Usually `Consumer.handle`.
        dead_letters: Stores the rejected messages.
    """
    batch = BatchResult()
    events = []
    for record in records:
        with _recording_failures(record, batch, dead_letters):
            events.append((from_sqs(record), record))
    for event, record in sorted(events, key=lambda pair: (pair[0].customer_id, pair[0].version)):
        with _recording_failures(record, batch, dead_letters):
            batch.results.append(handle(event))
    return batch


@contextmanager
def _recording_failures(record: Record, batch: BatchResult, dead_letters: DeadLetterSink) -> Iterator[None]:
    try:
        try:
            yield
        except Rejected as error:
            reason = str(error) or type(error).__name__
            dead_letters.send(record["body"], reason)
            batch.rejected[record["messageId"]] = reason
    except Exception as error:  # noqa: BLE001 - whatever fails, only this message is delivered again
        batch.failed[record["messageId"]] = type(error).__name__
