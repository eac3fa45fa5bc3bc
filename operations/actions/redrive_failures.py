"""`redrive-failures`: reprocesses lost batches of the projection, then publishes unpublished events."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from operations.display import display
from operations.jobs.failure_queue import QueueReading
from operations.jobs.lost_batch import LostBatch, parse_lost_batch
from operations.jobs.lost_batches import LostBatchResult, redrive_lost_batches
from operations.jobs.lost_customers import CustomerStatus
from operations.jobs.redrive_options import RedriveOptions
from operations.jobs.unpublished import MessageOutcome, MessageResult, redrive_unpublished
from operations.output import Cell, Output
from operations.stack import Stack
from publisher.publish_failures import PublishFailure
from shared.runtime.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

BATCHES: Final = {"shard": 50, "first": 27, "last": 27, "records": 7, "customers": 9, "outcome": 20}
MESSAGES: Final = {"note": 5, "of": 50, "first": 27, "events": 7, "outcome": 46}
_GONE: Final = "event(s) are not in the event table: once that is certain, --go --drop-missing deletes their messages."


def redrive_failures(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Bring the projection up to date, then publish.

    Returns:
        1 when a message remains in one of the queues.
    """
    return max(_lost_batches(stack, arguments, output), _unpublished(stack, arguments, output))


def _lost_batches(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    examined = 0
    with stack.failures.reading(arguments.limit, stack.now(), stack.clock) as reading:
        for messages in reading.chunks():
            batches = [batch for message in messages if (batch := _parsed(message))]
            examined += len(batches)
            for result in _redrive_batches(stack, batches, reading, arguments, output):
                _print_batch(result, output)
        received, remaining = reading.received, reading.remaining
    if foreign := received - examined:
        output.print_sentence(
            f"{foreign} message(s) were not written by Lambda and stay in the queue: inspect and delete them."
        )
    hint = "" if arguments.go or not examined else " Nothing was changed: --go brings the customers up to date."
    output.print_sentence(
        f"{examined} lost batch(es) examined, {received - remaining} done.{hint}",
        queue="projection",
        dry=not arguments.go,
        left=remaining,
    )
    return 1 if arguments.go and remaining else 0


def _redrive_batches(
    stack: Stack, batches: Sequence[LostBatch], reading: QueueReading, arguments: argparse.Namespace, output: Output
) -> Iterator[LostBatchResult]:
    if batches:
        with display(f"Searching for {len(batches)} lost batches", as_json=output.as_json) as shown:
            results = list(redrive_lost_batches(stack, batches, reading, _options(arguments), shown.show))
        yield from results


def _options(arguments: argparse.Namespace) -> RedriveOptions:
    return RedriveOptions(arguments.go, arguments.workers, arguments.drop_missing)


def _parsed(message: "MessageTypeDef") -> LostBatch | None:
    try:
        return parse_lost_batch(message)
    except (ValueError, KeyError, TypeError):
        return None


def _unpublished(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    outcomes: Counter[MessageOutcome] = Counter()
    options = _options(arguments)
    with stack.unpublished.reading(arguments.limit, stack.now(), stack.clock) as reading:
        for messages in reading.chunks():
            with display(f"Publishing for {len(messages)} messages", as_json=output.as_json) as shown:
                for result in redrive_unpublished(stack, messages, reading, options, shown.show):
                    _print_message(result, output)
                    outcomes[result.outcome] += 1
    done = outcomes[MessageOutcome.PUBLISHED] + outcomes[MessageOutcome.DROPPED]
    remaining = outcomes.total() - done
    hint = "" if arguments.go or not outcomes else " Nothing was sent: --go publishes the events."
    output.print_sentence(
        f"{outcomes.total()} message(s) about unpublished events examined, {done} done.{hint}",
        queue="publisher",
        dry=not arguments.go,
        left=remaining,
    )
    if outcomes[MessageOutcome.GONE]:
        output.print_sentence(f"{outcomes[MessageOutcome.GONE]} {_GONE}")
    return 1 if arguments.go and remaining else 0


def _print_batch(result: LostBatchResult, output: Output) -> None:
    batch, counts = result.batch, result.customers
    outcome = ", ".join(f"{counts[status]} {status}" for status in CustomerStatus if counts[status])
    output.print_row(
        BATCHES,
        {
            "shard": batch.shard,
            "first": timestamp(batch.first),
            "last": timestamp(batch.last),
            "records": batch.records,
            "customers": counts.total(),
            "outcome": outcome or "no customers found",
        },
    )


def _print_message(result: MessageResult, output: Output) -> None:
    message = result.message
    cells: dict[str, Cell] = {"note": "event", "of": "", "first": "", "events": message.events}
    match message.subject:
        case PublishFailure() as letter:
            cells |= {"of": f"{letter.customer_id} {letter.version}"}
        case LostBatch() as batch:
            cells |= {"note": "batch", "of": batch.shard, "first": timestamp(batch.first)}
    output.print_row(MESSAGES, cells | {"outcome": str(result.outcome)})
