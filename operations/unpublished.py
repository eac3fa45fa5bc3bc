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
from operations.failure_queue import Taken
from operations.lost_batches import Batch, everything, read_message
from operations.output import Cell, Output
from operations.wiring import Tools
from publisher.bus import BusMissing
from publisher.cloud_event import cloud_event
from publisher.dead_letters import DeadLetter, read_letter
from shared.runtime.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

NOTES: Final = {"note": 5, "of": 50, "first": 27, "events": 7, "outcome": 40}
_AT_ONCE: Final = 100
Key = tuple[str, int]


class Outcome(StrEnum):
    """What became of a note."""

    WAITS = "would be published"
    PUBLISHED = "published"
    UNREADABLE = "still unreadable"
    REFUSED = "refused by the bus, and noted anew"
    GONE = "not in the event table"
    LEFT = "not all taken by the bus"
    STRANGE = "not understood"


DONE: Final = frozenset({Outcome.PUBLISHED, Outcome.REFUSED})


@dataclass(slots=True)
class Note:
    """A message of the queue.

    Attributes:
        handle: To delete it with.
        says: One event, or a batch that was given up; None for what nobody understands.
        records: What the event table has of it, by key.
    """

    handle: str
    says: DeadLetter | Batch | None
    records: dict[Key, Recorded] = field(default_factory=dict)


def redrive_unpublished(tools: Tools, arguments: argparse.Namespace, output: Output) -> int:
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
    done = outcomes.count(Outcome.PUBLISHED)
    left = len(outcomes) - done
    more = "" if arguments.go or not outcomes else " Nothing was sent: --go does it."
    told = f"{len(outcomes)} note(s) of unpublished events looked at, {done} done."
    output.say(told + more, queue="publisher", dry=not arguments.go, left=left)
    return 1 if arguments.go and left else 0


def _settle(tools: Tools, taken: Taken, output: Output, *, go: bool) -> list[Outcome]:
    notes = [_read(message) for message in taken.messages]
    _find(tools, notes)
    done = {(note.says.customer_id, note.says.version) for note in notes if isinstance(note.says, DeadLetter)}
    outcomes = []
    for note in notes:
        outcomes.append(_publish(tools, note, done) if go else _look(tools, note))
        if outcomes[-1] in DONE:
            taken.settle(note.handle)
        _print(note, outcomes[-1], output)
    return outcomes


def _read(message: "MessageTypeDef") -> Note:
    says: DeadLetter | Batch | None
    try:
        says = read_letter(message["Body"]) or read_message(message)
    except (ValueError, KeyError, TypeError, AttributeError):
        says = None
    return Note(message["ReceiptHandle"], says)


def _find(tools: Tools, notes: Sequence[Note]) -> None:
    """What the event table has of each; one reading of all of it where only times are known."""
    for note in notes:
        if isinstance(note.says, DeadLetter):
            found = tools.store.read_recorded(note.says.customer_id, note.says.version - 1)
            note.records = {_key(record): record for record in found[:1] if record.version == note.says.version}
    batches = [(note, note.says) for note in notes if isinstance(note.says, Batch)]
    for record in everything(tools) if batches else ():
        for note, batch in batches:
            if batch.concerns(record):
                note.records[_key(record)] = record


def _look(tools: Tools, note: Note) -> Outcome:
    if note.says is None:
        return Outcome.STRANGE
    if isinstance(note.says, DeadLetter):
        if not note.records:
            return Outcome.GONE
        if not all(_is_readable(tools, record) for record in note.records.values()):
            return Outcome.UNREADABLE
    return Outcome.WAITS


def _publish(tools: Tools, note: Note, done: set[Key]) -> Outcome:
    """Publish a note's events, but for those of a batch that have a note of their own or were in an earlier one."""
    alone = isinstance(note.says, DeadLetter)
    if (looked := _look(tools, note)) is not Outcome.WAITS:
        return looked
    keys = sorted(key for key in note.records if alone or key not in done)
    for start in range(0, len(keys), _AT_ONCE):
        report = tools.publisher.publish([note.records[key] for key in keys[start : start + _AT_ONCE]])
        if report.failed:
            return Outcome.LEFT
        if report.dead and alone:
            return Outcome.REFUSED
        done.update(keys[start : start + _AT_ONCE])
    return Outcome.PUBLISHED


def _is_readable(tools: Tools, record: Recorded) -> bool:
    try:
        return bool(cloud_event(record, tools.event_source))
    except UnreadableEvent:
        return False


def _key(record: Recorded) -> Key:
    return record.customer_id, record.version


def _print(note: Note, outcome: Outcome, output: Output) -> None:
    cells: dict[str, Cell] = {"note": "event", "of": "", "first": "", "events": len(note.records)}
    match note.says:
        case DeadLetter() as letter:
            cells |= {"of": f"{letter.customer_id} {letter.version}"}
        case Batch() as batch:
            cells |= {"note": "batch", "of": batch.shard, "first": timestamp(batch.first)}
    output.row(NOTES, cells | {"outcome": outcome})
