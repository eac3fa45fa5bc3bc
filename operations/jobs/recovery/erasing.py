"""Erases again, in a restored event table, everyone whom the log of erasures or a note names.

The log and the notes are not restored, so they name everyone who was erased before the loss. A customer without events
was created after the time of the restore. They are erased, too: a repeat of the lost request would give the same id
again, and consumers may still have what they must forget.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from commands.context import Context
from commands.erase_customer import EraseCustomer, erase_customer
from events.codec import encode
from events.customer import CustomerErased
from events.envelope import Metadata
from events.history import is_erasure, is_left_over
from events.store import StoreBusy, VersionConflict
from operations.jobs.erasures import finish
from operations.jobs.meter import Meter
from operations.jobs.workers import ProgressTracker, Show, run_all
from operations.stack import Stack
from projections.maintenance.progress import SegmentProgress
from shared.http.problems import Contended, NotFound
from shared.runtime.clock import timestamp
from shared.runtime.ids import new_id

ACTOR: Final = "operators-recover-erase"
"""The subject of these erasures. No token has it."""

SEGMENTS: Final = 16
_PAGE_SIZE: Final = 500


class ErasingOutcome(StrEnum):
    """What became of a customer whom the log or a note names."""

    ERASED = "erased again"
    FINISHED = "rest of the data removed"
    UNKNOWN = "had no events, erased"
    NOTHING = "is erased"
    BUSY = "try again"
    WAITS = "would be erased again"


_TO_DO: Final = frozenset({ErasingOutcome.BUSY, ErasingOutcome.WAITS})


@dataclass(slots=True)
class Erasing:
    """The result.

    Attributes:
        customers: How many customers had each outcome.
    """

    customers: Counter[ErasingOutcome] = field(default_factory=Counter)

    @property
    def remaining(self) -> int:
        """How many customers are not erased."""
        return sum(self.customers[outcome] for outcome in _TO_DO)


Report = Callable[[str, ErasingOutcome], None]


def erase_again(stack: Stack, workers: int, report: Report, show: Show, *, go: bool) -> Erasing:
    """Erase every customer whom the log or a note names. This is safe to repeat.

    Args:
        workers: The number of threads.
        report: Called with each customer who was not erased already, and the outcome, by one thread at a time.
        show: Called with a reading of the progress once a second.
        go: Whether to erase anyone; if not, only look.
    """
    result, lock = Erasing(), threading.Lock()

    def erase_all(customer_ids: Iterable[str]) -> int:
        problems = 0
        for customer_id in customer_ids:
            outcome = _erase(stack, customer_id) if go else _look(stack, customer_id)
            with lock:
                result.customers[outcome] += 1
                if outcome is not ErasingOutcome.NOTHING:
                    report(customer_id, outcome)
            problems += outcome in _TO_DO
        return problems

    # Those who may have to be forgotten for the first time. Once they are, the log names them, too.
    unlogged = stack.erasure_log.missing({each.customer_id for each in stack.erasures.unfinished()})

    def step(at: SegmentProgress) -> SegmentProgress:
        start = at.position["customer_id"] if at.position else None
        page = stack.erasure_log.read_page(at.segment, SEGMENTS, start, _PAGE_SIZE)
        customer_ids = [customer_id for customer_id in page.customer_ids if customer_id not in unlogged]
        progress = at.advanced(customers=len(customer_ids), events=0, problems=erase_all(customer_ids))
        position = {"customer_id": page.next} if page.next else None
        return replace(progress, position=position, done=position is None)

    erase_all(sorted(unlogged))
    tracker = ProgressTracker([SegmentProgress(segment) for segment in range(SEGMENTS)], 0)
    run_all(tracker, step, workers, Meter(stack.clock, tracker.progress()), show)
    return result


def _look(stack: Stack, customer_id: str) -> ErasingOutcome:
    records = stack.store.read(customer_id)
    is_erased = any(map(is_erasure, records)) and not any(map(is_left_over, records))
    return ErasingOutcome.NOTHING if is_erased else ErasingOutcome.WAITS


def _erase(stack: Stack, customer_id: str) -> ErasingOutcome:
    outcome = ErasingOutcome.NOTHING
    try:
        records = stack.store.read(customer_id)
        if not records:
            _append_erasure(stack, customer_id)
            outcome = ErasingOutcome.UNKNOWN
        elif not any(map(is_erasure, records)):
            erase_customer(EraseCustomer(), stack.store, customer_id, _context(stack, customer_id), stack.pause)
            outcome = ErasingOutcome.ERASED
        elif any(map(is_left_over, records)):
            outcome = ErasingOutcome.FINISHED
    except (Contended, NotFound, StoreBusy, VersionConflict):
        return ErasingOutcome.BUSY
    if outcome is ErasingOutcome.NOTHING and not stack.erasure_log.missing([customer_id]):
        return outcome
    return outcome if finish(stack, customer_id) else ErasingOutcome.BUSY


def _append_erasure(stack: Stack, customer_id: str) -> None:
    context = _context(stack, customer_id)
    event = encode(
        CustomerErased(),
        customer_id=customer_id,
        version=1,
        event_id=context.event_id,
        occurred_at=timestamp(context.now),
        metadata=context.metadata,
    )
    stack.store.append(event)


def _context(stack: Stack, customer_id: str) -> Context:
    event_id = new_id()
    metadata = Metadata(
        correlation_id=ACTOR, causation_id=ACTOR, actor=ACTOR, command_id=f"{ACTOR} {customer_id}", request_hash=""
    )
    return Context(stack.now(), event_id, metadata)
