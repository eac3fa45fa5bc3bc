"""One step of a backfill: read a part, send it, and only then save a checkpoint."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from operations.jobs.backfill.checkpoints import MOST_NAMED, BackfillPosition, position_of
from operations.jobs.backfill.histories import HistorySource
from operations.jobs.backfill.messages import Message, MessageWriter, Unsent
from operations.jobs.backfill.selection import Selection
from projections.maintenance.progress import SegmentProgress

NO_EVENT: Final = "the event table has no event of this customer"

Send = Callable[[Sequence[Sequence[Message]]], None]


class Checkpoints(Protocol):
    """Saves checkpoints; see `operations.jobs.backfill.checkpoints.BackfillCheckpoints`."""

    def check(self) -> None:
        """Raise when the run must stop."""
        ...

    def save(self, progress: SegmentProgress, position: BackfillPosition) -> SegmentProgress:
        """Save a checkpoint and return it."""
        ...


class NoCheckpoints:
    """Saves nothing, for a dry run."""

    def check(self) -> None:
        """See `Checkpoints.check`."""

    def save(self, progress: SegmentProgress, position: BackfillPosition) -> SegmentProgress:
        """See `Checkpoints.save`."""
        return replace(progress, position=position.as_position(""))


class BackfillStep:
    """Sends the customers of a selection to one queue, part by part."""

    def __init__(
        self, source: HistorySource, selection: Selection, writer: MessageWriter, send: Send, checkpoints: Checkpoints
    ) -> None:
        """
        Args:
            source: Reads the histories of customers.
            selection: Selects which of them are sent.
            writer: Writes their messages.
            send: Returns once the queue has accepted all messages, those of each customer in order.
        """
        self._source = source
        self._selection = selection
        self._writer = writer
        self._send = send
        self._checkpoints = checkpoints

    def __call__(self, segment: SegmentProgress) -> SegmentProgress:
        """Send one part of a segment, and save a checkpoint.

        When the process is killed before the checkpoint, the part is sent again; nothing is left out.

        Args:
            segment: The segment's last checkpoint.

        Returns:
            The new checkpoint.
        """
        self._checkpoints.check()
        position = position_of(segment)
        part = self._source.part(segment.segment, position.start, position.read_ahead)
        written = [self._writer.write(history) for history in part.histories if self._selection.includes(history)]
        self._send([messages for messages, _ in written])
        unsent = [problem for _, problem in written if problem]
        if part.missing:
            unsent.append(Unsent(part.missing, 1, NO_EVENT))
        reached = segment.advanced(customers=len(written), events=part.events, problems=len(unsent))
        next_position = BackfillPosition(
            start=part.next,
            read_ahead=part.read_ahead,
            sent=position.sent + sum(len(messages) for messages, _ in written),
            unsent=(*position.unsent, *unsent)[:MOST_NAMED],
        )
        return self._checkpoints.save(replace(reached, done=part.next is None), next_position)
