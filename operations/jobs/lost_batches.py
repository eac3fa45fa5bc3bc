"""`redrive-failures`, for the projection: catches up on batches that the stream's mapping gave up.

A message of the failure queue says when its records arrived and not what they held, and the stream may have forgotten
them. The event table has not: whoever has an event of that time is looked at, and brought up to date.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from events.codec import UnreadableEvent
from events.customer import OutOfOrder
from events.envelope import Recorded, Unreadable
from operations.output import Output
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.progress import plan_for
from shared.runtime.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCHES: Final = {"shard": 50, "first": 27, "last": 27, "records": 7, "customers": 9, "outcome": 20}
# An arrival is told to the second, and an event is timed by its writer's clock.
MARGIN: Final = timedelta(minutes=5)


class CustomerStatus(StrEnum):
    """How a customer of a lost batch is."""

    RIGHT = "right"
    PARKED = "parked"
    BEHIND = "behind"
    LEFT = "left"


@dataclass(slots=True)
class LostBatch:
    """A batch that was given up.

    Attributes:
        message: Its handle in the queue.
        shard: Of the stream.
        first: When its first record arrived.
        last: When its last did.
        records: How many.
        customers: Whose events are of that time, by what is recorded of them last.
    """

    message: str
    shard: str
    first: datetime
    last: datetime
    records: int
    customers: dict[str, Recorded] = field(default_factory=dict)

    def concerns(self, record: Recorded) -> bool:
        """Whether a record may have been in it; of an unreadable one nobody knows its time."""
        if isinstance(record, Unreadable):
            return True
        return timestamp(self.first - MARGIN) <= record.occurred_at <= timestamp(self.last + MARGIN)


def redrive_lost_batches(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Bring the customers of every batch in the failure queue up to date.

    Returns:
        1 when a batch is left whose customers are neither right nor visibly parked.
    """
    with tools.failures.taken(arguments.limit) as taken:
        batches = [batch for message in taken.messages if (batch := _understood(message))]
        _find_customers(tools, batches)
        for batch in batches:
            states = _settle(tools, batch, go=arguments.go)
            if arguments.go and not states[CustomerStatus.LEFT] and not states[CustomerStatus.BEHIND]:
                taken.settle(batch.message)
            _print(batch, states, output)
        left = len(taken.unsettled)
    if strange := len(taken.messages) - len(batches):
        output.say(f"{strange} message(s) are none that Lambda writes, and stay: look at them and delete them.")
    more = "" if arguments.go or not batches else " Nothing was changed: --go does it."
    output.say(
        f"{len(batches)} batch(es) looked at, {len(taken.messages) - left} done.{more}",
        queue="projection",
        dry=not arguments.go,
        left=left,
    )
    return 1 if arguments.go and left else 0


def _understood(message: "MessageTypeDef") -> LostBatch | None:
    try:
        return read_message(message)
    except (ValueError, KeyError, TypeError):
        return None


def read_message(message: "MessageTypeDef") -> LostBatch:
    """Read what the mapping wrote.

    Args:
        message: As SQS gives it. AWS Lambda docs, "Retain discarded records for a DynamoDB event source".

    Raises:
        ValueError | KeyError | TypeError: Somebody else wrote it.
    """
    info: Mapping[str, str] = json.loads(message["Body"])["DDBStreamBatchInfo"]
    return LostBatch(
        message=message["ReceiptHandle"],
        shard=info["shardId"],
        first=datetime.fromisoformat(info["approximateArrivalOfFirstRecord"]),
        last=datetime.fromisoformat(info["approximateArrivalOfLastRecord"]),
        records=int(info["batchSize"]),
    )


def _find_customers(tools: Stack, batches: list[LostBatch]) -> None:
    """One reading of the event table for all batches; kept are only those of their times."""
    for record in everything(tools) if batches else ():
        for batch in batches:
            if batch.concerns(record):
                batch.customers[record.customer_id] = record


def everything(tools: Stack) -> Iterator[Recorded]:
    """Each record of the event table, a customer's in version order."""
    segments = plan_for(tools.count_events()).segments
    for segment in range(segments):
        page = tools.store.read_page(segment, segments)
        yield from page.records
        while page.next is not None:
            page = tools.store.read_page(segment, segments, page.next)
            yield from page.records


def _settle(tools: Stack, batch: LostBatch, *, go: bool) -> Counter[CustomerStatus]:
    try:
        found = [(each, tools.verifier.compare(batch.customers, each)) for each in tools.generations.load().fed]
    except (BotoCoreError, ClientError):
        return Counter({CustomerStatus.LEFT: len(batch.customers)})
    return Counter(
        _worst(_bring(tools, record, differences.get(id_), generation, go=go) for generation, differences in found)
        for id_, record in batch.customers.items()
    )


def _bring(tools: Stack, record: Recorded, found: Difference | None, generation: int, *, go: bool) -> CustomerStatus:
    try:
        if go and found and found.kind is DifferenceKind.UNREADABLE:
            # The projector parks them, so that somebody sees why they stand still.
            tools.projector.project([record], generation)
            found = tools.verifier.compare_one(record.customer_id, generation)
        if found is None:
            return CustomerStatus.RIGHT
        if found.kind is DifferenceKind.PARKED:
            return CustomerStatus.PARKED
        if not go:
            return CustomerStatus.BEHIND
        before = tools.generations.load().before(generation)
        return CustomerStatus.RIGHT if tools.verifier.repair(found, generation, before) else CustomerStatus.LEFT
    except (BotoCoreError, ClientError, UnreadableEvent, OutOfOrder):
        return CustomerStatus.LEFT


def _worst(states: Iterator[CustomerStatus]) -> CustomerStatus:
    return max(states, key=list(CustomerStatus).index)


def _print(batch: LostBatch, states: Counter[CustomerStatus], output: Output) -> None:
    outcome = ", ".join(f"{states[state]} {state}" for state in CustomerStatus if states[state]) or "nobody concerned"
    times = {"first": timestamp(batch.first), "last": timestamp(batch.last)}
    counts = {"records": batch.records, "customers": len(batch.customers)}
    output.row(BATCHES, {"shard": batch.shard, **times, **counts, "outcome": outcome})
