"""`backfill`: sends customers' events to one consumer's queue, from the event table."""

import argparse
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from operations.display import display
from operations.errors import CannotDo
from operations.jobs.backfill import queues
from operations.jobs.backfill.checkpoints import BackfillCheckpoints, place_of
from operations.jobs.backfill.histories import Everybody, Named, Source
from operations.jobs.backfill.messages import Writer
from operations.jobs.backfill.queues import SqsQueue
from operations.jobs.backfill.selection import Selection
from operations.jobs.backfill.sending import Sender
from operations.jobs.backfill.work import Backfill, Saver, Send, Unsaved
from operations.jobs.meter import STALLED_AFTER_SECONDS, Meter
from operations.jobs.workers import Board, run_all
from operations.output import Cell, Output
from operations.stack import Stack
from projections.maintenance.progress import Plan, Progress, SegmentProgress, plan_for
from projections.maintenance.rate_limit import TokenBucket

RATE: Final = 200.0
UNSENT: Final = {"customer_id": 36, "from_version": 12, "reason": 40}
MEND: Final = "mend the cause, then send them with --customer."
# So much of a thread's time is in one part, which an interruption waits for, and which a killed run sends twice.
_SECONDS_A_PART: Final = 2
_LEAST_PAGE: Final = 10
_LARGEST_PAGE: Final = 500


def backfill(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Send every selected customer's events, in version order, to one queue.

    Returns:
        1 when somebody's events could not be sent, or not all of them.
    """
    selection = _selection(arguments)
    queue = queues.find(tools.failures.client, arguments.queue, [tools.failures.address, tools.unpublished.address])
    plan, saver, segments = _begin(tools, arguments, selection, queue)
    board = Board(segments, plan.expected_events)
    page = page_for(arguments.rate, arguments.workers)
    writer = Writer(tools.origin, queue.largest, tools.now)
    work = Backfill(_source(tools, selection, plan, page), selection, writer, _send(tools, arguments, queue), saver)
    stalls_after = max(STALLED_AFTER_SECONDS, 2 * page * arguments.workers / arguments.rate)
    meter = Meter(tools.clock, board.progress(), stalls_after)
    title = f"{'Reading for' if arguments.dry_run else 'Sending to'} {arguments.queue}"
    with display(title, as_json=output.as_json) as shown:
        progress = run_all(board, work.step, arguments.workers, meter, shown)
    return _tell(progress, arguments, output)


def page_for(rate: float, workers: int) -> int:
    """How many events a thread reads at once.

    Args:
        rate: Messages a second over all threads.
        workers: Threads.

    >>> page_for(200, 4)
    100
    """
    return max(_LEAST_PAGE, min(_LARGEST_PAGE, round(_SECONDS_A_PART * rate / workers)))


def _selection(arguments: argparse.Namespace) -> Selection:
    if arguments.since and arguments.until and arguments.until <= arguments.since:
        raise CannotDo("--to must be after --from.")
    return Selection(arguments.since or "", arguments.until or "", tuple(sorted(set(arguments.customers))))


def _begin(
    tools: Stack, arguments: argparse.Namespace, selection: Selection, queue: SqsQueue
) -> tuple[Plan, Saver, Sequence[SegmentProgress]]:
    if arguments.dry_run:
        plan = _plan(tools, selection)
        return plan, Unsaved(), [SegmentProgress(segment) for segment in range(plan.segments)]
    checkpoints = BackfillCheckpoints(tools.progress, selection.work(queue.arn))
    plan = checkpoints.resume() if arguments.resume else checkpoints.begin(_plan(tools, selection), uuid4().hex)
    return plan, checkpoints, checkpoints.load(plan.segments)


def _plan(tools: Stack, selection: Selection) -> Plan:
    return Plan(len(selection.customers), 0) if selection.customers else plan_for(tools.count_events())


def _source(tools: Stack, selection: Selection, plan: Plan, page: int) -> Source:
    if selection.customers:
        return Named(tools.store, selection.customers)
    return Everybody(tools.store, plan.segments, page)


def _send(tools: Stack, arguments: argparse.Namespace, queue: SqsQueue) -> Send:
    if arguments.dry_run:
        return lambda _: None
    return Sender(queue, TokenBucket(arguments.rate, tools.clock, tools.pause), tools.pause).send


def _tell(progress: Progress, arguments: argparse.Namespace, output: Output) -> int:
    places = [place_of(segment) for segment in progress.segments]
    for unsent in (unsent for place in places for unsent in place.unsent):
        cells: dict[str, Cell] = {"customer_id": unsent.customer_id, "from_version": unsent.version}
        output.row(UNSENT, {**cells, "reason": unsent.reason})
    sent = sum(place.sent for place in places)
    done = "would be sent" if arguments.dry_run else "sent"
    output.say(
        f"{sent:,} events of {progress.customers:,} customers {done} to {arguments.queue}.",
        queue=arguments.queue,
        dry=arguments.dry_run,
        sent=sent,
        customers=progress.customers,
        unsent=progress.problems,
    )
    if progress.problems:
        output.say(f"{progress.problems:,} customers are not sent from the version named above on: {MEND}")
    return 1 if progress.problems else 0
