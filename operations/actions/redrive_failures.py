"""`redrive-failures`: reprocesses lost batches of the projection, then publishes unpublished events."""

import argparse
from typing import Final

from operations.jobs.lost_batches import CustomerStatus, LostBatch, LostBatchResult, redrive_lost_batches
from operations.jobs.unpublished import MessageOutcome, MessageResult, redrive_unpublished
from operations.output import Cell, Output
from operations.stack import Stack
from publisher.publish_failures import PublishFailure
from shared.runtime.clock import timestamp

BATCHES: Final = {"shard": 50, "first": 27, "last": 27, "records": 7, "customers": 9, "outcome": 20}
MESSAGES: Final = {"note": 5, "of": 50, "first": 27, "events": 7, "outcome": 40}


def redrive_failures(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Bring the projection up to date, then publish.

    Returns:
        1 when a message remains in one of the queues.
    """
    return max(_lost_batches(stack, arguments, output), _unpublished(stack, arguments, output))


def _lost_batches(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    batches = 0
    with stack.failures.receive(arguments.limit) as received:
        for result in redrive_lost_batches(stack, received, go=arguments.go):
            _print_batch(result, output)
            batches += 1
        remaining = len(received.remaining)
    if foreign := len(received.messages) - batches:
        output.print_sentence(
            f"{foreign} message(s) were not written by Lambda and stay in the queue: inspect and delete them."
        )
    hint = "" if arguments.go or not batches else " Nothing was changed: --go brings the customers up to date."
    output.print_sentence(
        f"{batches} lost batch(es) examined, {len(received.messages) - remaining} done.{hint}",
        queue="projection",
        dry=not arguments.go,
        left=remaining,
    )
    return 1 if arguments.go and remaining else 0


def _unpublished(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    outcomes: list[MessageOutcome] = []
    with stack.unpublished.receive(arguments.limit) as received:
        for result in redrive_unpublished(stack, received, go=arguments.go):
            _print_message(result, output)
            outcomes.append(result.outcome)
    done = outcomes.count(MessageOutcome.PUBLISHED)
    remaining = len(outcomes) - done
    hint = "" if arguments.go or not outcomes else " Nothing was sent: --go publishes the events."
    output.print_sentence(
        f"{len(outcomes)} message(s) about unpublished events examined, {done} done.{hint}",
        queue="publisher",
        dry=not arguments.go,
        left=remaining,
    )
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
            "customers": len(batch.customers),
            "outcome": outcome or "no customers found",
        },
    )


def _print_message(result: MessageResult, output: Output) -> None:
    message = result.message
    cells: dict[str, Cell] = {"note": "event", "of": "", "first": "", "events": len(message.records)}
    match message.subject:
        case PublishFailure() as letter:
            cells |= {"of": f"{letter.customer_id} {letter.version}"}
        case LostBatch() as batch:
            cells |= {"note": "batch", "of": batch.shard, "first": timestamp(batch.first)}
    output.print_row(MESSAGES, cells | {"outcome": str(result.outcome)})
