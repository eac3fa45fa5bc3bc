"""One step of a backfill: read a part, send it, and only then save how far it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from operations.jobs.backfill.checkpoints import MOST_NAMED, Place, place_of
from operations.jobs.backfill.histories import Source
from operations.jobs.backfill.messages import Message, Unsent, Writer
from operations.jobs.backfill.selection import Selection
from projections.maintenance.progress import SegmentProgress


class Saver(Protocol):
    """Keeps checkpoints; see `operations.jobs.backfill.checkpoints.Checkpoints`."""

    def check(self) -> None:
        """Look whether to go on at all."""
        ...

    def save(self, progress: SegmentProgress, place: Place) -> SegmentProgress:
        """Keep one."""
        ...


class Unsaved:
    """For a dry run, which leaves nothing behind."""

    def check(self) -> None:
        """See `Saver.check`."""

    def save(self, progress: SegmentProgress, place: Place) -> SegmentProgress:
        """See `Saver.save`."""
        return replace(progress, position=place.as_position(""))


NO_EVENT: Final = "the event table has no event of this customer"

Send = Callable[[Sequence[Sequence[Message]]], None]


class Backfill:
    """Brings the customers of a selection to one queue."""

    def __init__(self, source: Source, selection: Selection, writer: Writer, send: Send, saver: Saver) -> None:
        """Join it to what it reads and writes.

        Args:
            source: Gives customers.
            selection: Which of them are sent.
            writer: Writes their messages.
            send: Returns once the queue has taken all, each customer's in order.
            saver: Keeps checkpoints.
        """
        self._source = source
        self._selection = selection
        self._writer = writer
        self._send = send
        self._saver = saver

    def step(self, at: SegmentProgress) -> SegmentProgress:
        """Do one part of one segment, and save how far it is.

        Killed before the save, the part is sent again; none is left out.

        Args:
            at: The segment's last checkpoint.

        Returns:
            The new checkpoint.
        """
        self._saver.check()
        place = place_of(at)
        part = self._source.part(at.segment, place.start, place.given)
        written = [self._writer.write(history) for history in part.histories if self._selection.takes(history)]
        self._send([messages for messages, _ in written])
        unsent = [one for _, one in written if one] + [Unsent(id_, 1, NO_EVENT) for id_ in [part.missing] if id_]
        reached = at.advanced(customers=len(written), events=part.events, problems=len(unsent))
        further = Place(
            start=part.next,
            given=part.given,
            sent=place.sent + sum(len(messages) for messages, _ in written),
            unsent=(*place.unsent, *unsent)[:MOST_NAMED],
        )
        return self._saver.save(replace(reached, done=part.next is None), further)
