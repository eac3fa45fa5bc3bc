"""`redrive-failures`, for the publisher: sends the events that it could not publish, from the event table.

Its queue has two kinds of notes. A dead letter names one event. What the stream's mapping gave up is told by time
alone, so every event of that time goes to the bus, also those that are on it already: delivery is at least once anyway.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from events.codec import UnreadableEvent
from events.envelope import Recorded
from operations.errors import CannotDo
from operations.jobs.failure_queue import Taken
from operations.jobs.lost_batches import LostBatch, everything, read_message
from operations.output import Cell, Output
from operations.stack import Stack
from publisher.bus import BusMissing
from publisher.cloud_event import cloud_event
from publisher.publish_failures import PublishFailure, parse_publish_failure
from shared.runtime.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

NOTES: Final = {"note": 5, "of": 50, "first": 27, "events": 7, "outcome": 40}
_AT_ONCE: Final = 100
Key = tuple[str, int]


class NoteOutcome(StrEnum):
    """What became of a note."""

    WAITS = "would be published"
    PUBLISHED = "published"
    UNREADABLE = "still unreadable"
    REFUSED = "refused by the bus, and noted anew"
    GONE = "not in the event table"
    LEFT = "not all taken by the bus"
    STRANGE = "not understood"


DONE: Final = frozenset({NoteOutcome.PUBLISHED, NoteOutcome.REFUSED})


@dataclass(slots=True)
class Note:
    """A message of the queue.

    Attributes:
        handle: To delete it with.
        says: One event, or a batch that was given up; None for what nobody understands.
        records: What the event table has of it, by key.
    """

    handle: str
    says: PublishFailure | LostBatch | None
    records: dict[Key, Recorded] = field(default_factory=dict)


def redrive_unpublished(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Publish what every note in the publisher's failure queue stands for.

    Returns:
        1 when an event is left.

    Raises:
        CannotDo: There is no event bus.
    """
    try:
        with tools.unpublished.taken(arguments.limit) as taken:
            outcomes = _settle(tools, taken, output, go=arguments.go)
    except BusMissing:
        raise CannotDo("The stack's event bus does not exist: deploy the stack, then run this again.") from None
    done = outcomes.count(NoteOutcome.PUBLISHED)
    left = len(outcomes) - done
    more = "" if arguments.go or not outcomes else " Nothing was sent: --go does it."
    told = f"{len(outcomes)} note(s) of unpublished events looked at, {done} done."
    output.say(told + more, queue="publisher", dry=not arguments.go, left=left)
    return 1 if arguments.go and left else 0


def _settle(tools: Stack, taken: Taken, output: Output, *, go: bool) -> list[NoteOutcome]:
    notes = [_read(message) for message in taken.messages]
    _find(tools, notes)
    done = {(note.says.customer_id, note.says.version) for note in notes if isinstance(note.says, PublishFailure)}
    outcomes = []
    for note in notes:
        outcomes.append(_publish(tools, note, done) if go else _look(tools, note))
        if outcomes[-1] in DONE:
            taken.settle(note.handle)
        _print(note, outcomes[-1], output)
    return outcomes


def _read(message: "MessageTypeDef") -> Note:
    says: PublishFailure | LostBatch | None
    try:
        says = parse_publish_failure(message["Body"]) or read_message(message)
    except (ValueError, KeyError, TypeError, AttributeError):
        says = None
    return Note(message["ReceiptHandle"], says)


def _find(tools: Stack, notes: Sequence[Note]) -> None:
    """What the event table has of each; one reading of all of it where only times are known."""
    for note in notes:
        if isinstance(note.says, PublishFailure):
            found = tools.store.read(note.says.customer_id, note.says.version - 1)
            note.records = {_key(record): record for record in found[:1] if record.version == note.says.version}
    batches = [(note, note.says) for note in notes if isinstance(note.says, LostBatch)]
    for record in everything(tools) if batches else ():
        for note, batch in batches:
            if batch.concerns(record):
                note.records[_key(record)] = record


def _look(tools: Stack, note: Note) -> NoteOutcome:
    if note.says is None:
        return NoteOutcome.STRANGE
    if isinstance(note.says, PublishFailure):
        if not note.records:
            return NoteOutcome.GONE
        if not all(_is_readable(tools, record) for record in note.records.values()):
            return NoteOutcome.UNREADABLE
    return NoteOutcome.WAITS


def _publish(tools: Stack, note: Note, done: set[Key]) -> NoteOutcome:
    """Publish a note's events, but for those of a batch that have a note of their own or were in an earlier one."""
    alone = isinstance(note.says, PublishFailure)
    if (looked := _look(tools, note)) is not NoteOutcome.WAITS:
        return looked
    keys = sorted(key for key in note.records if alone or key not in done)
    for start in range(0, len(keys), _AT_ONCE):
        report = tools.publisher.publish([note.records[key] for key in keys[start : start + _AT_ONCE]])
        if report.failed:
            return NoteOutcome.LEFT
        if report.unpublishable and alone:
            return NoteOutcome.REFUSED
        done.update(keys[start : start + _AT_ONCE])
    return NoteOutcome.PUBLISHED


def _is_readable(tools: Stack, record: Recorded) -> bool:
    try:
        return bool(cloud_event(record, tools.event_source))
    except UnreadableEvent:
        return False


def _key(record: Recorded) -> Key:
    return record.customer_id, record.version


def _print(note: Note, outcome: NoteOutcome, output: Output) -> None:
    cells: dict[str, Cell] = {"note": "event", "of": "", "first": "", "events": len(note.records)}
    match note.says:
        case PublishFailure() as letter:
            cells |= {"of": f"{letter.customer_id} {letter.version}"}
        case LostBatch() as batch:
            cells |= {"note": "batch", "of": batch.shard, "first": timestamp(batch.first)}
    output.row(NOTES, cells | {"outcome": outcome})
