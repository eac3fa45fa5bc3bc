"""One batch of an SQS event source mapping with `ReportBatchItemFailures`.

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


class RejectedMessages(Protocol):
    """Where messages go that no retry will cure; `DeadLetters` is one."""

    def send(self, body: str, reason: str) -> None:
        """Keep a message with the reason."""
        ...


@dataclass(slots=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        outcomes: Of the events that were taken.
        rejected: Message id -> why, of those that are dead letters now.
        failed: Message id -> the kind of error, of those that come again. Its text is left out: it may quote data.
    """

    outcomes: list[EventResult] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def answer(self) -> dict[str, list[dict[str, str]]]:
        """What the function returns: the messages that must come again. SQS deletes the others."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in self.failed]}


def handle_batch(
    records: Sequence[Record], take: Callable[[PublishedEvent], EventResult], dead_letters: RejectedMessages
) -> BatchResult:
    """Take every event of a batch; one that fails keeps none of the others back.

    A customer's events are taken in version order, whatever order they came in, so that fewer must be held.

    Args:
        records: `Records` of the Lambda event.
        take: `Consumer.handle`.
        dead_letters: Where rejected messages go.
    """
    batch = BatchResult()
    arrived = []
    for record in records:
        with _answering_for(record, batch, dead_letters):
            arrived.append((from_sqs(record), record))
    for event, record in sorted(arrived, key=lambda pair: (pair[0].customer_id, pair[0].version)):
        with _answering_for(record, batch, dead_letters):
            batch.results.append(take(event))
    return batch


@contextmanager
def _answering_for(record: Record, batch: BatchResult, dead_letters: RejectedMessages) -> Iterator[None]:
    """Turn what happens to one message into its place in the answer."""
    try:
        try:
            yield
        except Rejected as rejected:
            reason = str(rejected) or type(rejected).__name__
            dead_letters.send(record["body"], reason)
            batch.rejected[record["messageId"]] = reason
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on and this one comes again
        batch.failed[record["messageId"]] = type(error).__name__
