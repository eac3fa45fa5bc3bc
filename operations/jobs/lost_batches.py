"""Brings the customers of lost batches up to date: batches that the projection's event source mapping gave up.

A message in the failure queue says when its records arrived, not what they held, and the stream may no longer have
them. The event table still does: every customer with an event of that time is compared and repaired.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from events.codec import UnreadableEvent
from events.customer import OutOfOrder
from events.envelope import Recorded, Unreadable
from operations.jobs.failure_queue import ReceivedMessages
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import plan_for
from shared.runtime.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# Arrival times have a resolution of one second, and the times of events come from the clocks of their writers.
MARGIN: Final = timedelta(minutes=5)


class CustomerStatus(StrEnum):
    """The state of a customer of a lost batch, from best to worst."""

    RIGHT = "right"
    PARKED = "parked"
    BEHIND = "behind"
    LEFT = "left"


@dataclass(slots=True)
class LostBatch:
    """A batch that an event source mapping gave up.

    Attributes:
        message: The receipt handle of its message.
        shard: The stream shard that it came from.
        first: When its first record arrived.
        last: When its last record arrived.
        records: The number of its records.
        customers: The customers who may have had a record in it, each with the last such record.
    """

    message: str
    shard: str
    first: datetime
    last: datetime
    records: int
    customers: dict[str, Recorded] = field(default_factory=dict)

    def may_contain(self, record: Recorded) -> bool:
        """Whether a record may have been in the batch. An unreadable record has no time, so it always may."""
        if isinstance(record, Unreadable):
            return True
        return timestamp(self.first - MARGIN) <= record.occurred_at <= timestamp(self.last + MARGIN)


@dataclass(frozen=True, slots=True)
class LostBatchResult:
    """What became of a batch's customers.

    Attributes:
        batch: The batch.
        customers: The number of customers by status.
    """

    batch: LostBatch
    customers: Counter[CustomerStatus]

    @property
    def is_done(self) -> bool:
        """Whether every customer is up to date or visibly parked."""
        return not self.customers[CustomerStatus.LEFT] and not self.customers[CustomerStatus.BEHIND]


def redrive_lost_batches(stack: Stack, received: ReceivedMessages, *, go: bool) -> Iterator[LostBatchResult]:
    """Bring the customers of every lost batch up to date, and delete the messages of the batches that are done.

    Args:
        received: Messages of the projection's failure queue. Those that Lambda did not write are skipped.
        go: Whether to change anything.

    Yields:
        The result of each batch.
    """
    batches = [batch for message in received.messages if (batch := _parsed(message))]
    _find_customers(stack, batches)
    for batch in batches:
        result = LostBatchResult(batch, _bring_up_to_date(stack, batch, go=go))
        if go and result.is_done:
            received.delete(batch.message)
        yield result


def parse_lost_batch(message: "MessageTypeDef") -> LostBatch:
    """Parse a message that an event source mapping wrote.

    Args:
        message: See the AWS Lambda docs, "Retain discarded records for a DynamoDB event source".

    Raises:
        ValueError | KeyError | TypeError: An event source mapping did not write it.
    """
    info: Mapping[str, str] = json.loads(message["Body"])["DDBStreamBatchInfo"]
    return LostBatch(
        message=message["ReceiptHandle"],
        shard=info["shardId"],
        first=datetime.fromisoformat(info["approximateArrivalOfFirstRecord"]),
        last=datetime.fromisoformat(info["approximateArrivalOfLastRecord"]),
        records=int(info["batchSize"]),
    )


def read_event_table(stack: Stack) -> Iterator[Recorded]:
    """Read every record of the event table, those of one customer in version order."""
    segments = plan_for(stack.count_events()).segments
    for segment in range(segments):
        page = stack.store.read_page(segment, segments)
        yield from page.records
        while page.next is not None:
            page = stack.store.read_page(segment, segments, page.next)
            yield from page.records


def _parsed(message: "MessageTypeDef") -> LostBatch | None:
    try:
        return parse_lost_batch(message)
    except (ValueError, KeyError, TypeError):
        return None


def _find_customers(stack: Stack, batches: list[LostBatch]) -> None:
    """Fill in the customers of all batches, reading the event table once."""
    for record in read_event_table(stack) if batches else ():
        for batch in batches:
            if batch.may_contain(record):
                batch.customers[record.customer_id] = record


def _bring_up_to_date(stack: Stack, batch: LostBatch, *, go: bool) -> Counter[CustomerStatus]:
    try:
        differences = {
            generation: stack.verifier.compare(batch.customers, generation)
            for generation in stack.generations.load().fed
        }
    except (BotoCoreError, ClientError):
        return Counter({CustomerStatus.LEFT: len(batch.customers)})
    return Counter(
        _worst(
            _repair(stack, record, found.get(customer_id), generation, go=go)
            for generation, found in differences.items()
        )
        for customer_id, record in batch.customers.items()
    )


def _repair(
    stack: Stack, record: Recorded, difference: Difference | None, generation: int, *, go: bool
) -> CustomerStatus:
    try:
        if go and difference and difference.kind is DifferenceKind.UNREADABLE:
            # The projector parks the customer, so that the reason becomes visible.
            stack.projector.project([record], generation)
            difference = stack.verifier.compare_one(record.customer_id, generation)
        if difference is None:
            return CustomerStatus.RIGHT
        if difference.kind is DifferenceKind.PARKED:
            return CustomerStatus.PARKED
        if not go:
            return CustomerStatus.BEHIND
        fed_before = stack.generations.load().before(generation)
        return (
            CustomerStatus.RIGHT if stack.verifier.repair(difference, generation, fed_before) else CustomerStatus.LEFT
        )
    except (BotoCoreError, ClientError, UnreadableEvent, OutOfOrder):
        return CustomerStatus.LEFT


def _worst(statuses: Iterable[CustomerStatus]) -> CustomerStatus:
    return max(statuses, key=list(CustomerStatus).index)
