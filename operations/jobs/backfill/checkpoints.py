"""Checkpoints of a backfill, kept in the read table beside those of rebuilds, so that any operator can resume it.

Each checkpoint names its run. So a new run need not clear what an earlier one left, and cannot mistake it for its own
work.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from events.store import Position
from operations.errors import CommandError
from operations.jobs.backfill.messages import Unsent
from projections.maintenance.progress import Plan, ProgressStore, SegmentProgress
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.stored_fields import known_fields

# A checkpoint is one item of at most 400 KB. Customers beyond this number are counted but not named.
MOST_NAMED: Final = 500


@dataclass(frozen=True, slots=True)
class BackfillPosition:
    """Where a segment continues; stored in `projections.maintenance.progress.SegmentProgress.position`.

    Attributes:
        start: See `operations.jobs.backfill.histories.Part.next`.
        read_ahead: See `Part.read_ahead`.
        sent: The number of messages sent so far.
        unsent: Customers whose events could not be sent, at most `MOST_NAMED`.
    """

    start: Position | None = None
    read_ahead: str = ""
    sent: int = 0
    unsent: tuple[Unsent, ...] = ()

    def as_position(self, run: str) -> Position:
        """Return the position as a checkpoint stores it.

        Args:
            run: The name of the run.
        """
        stored = asdict(self)
        return {"run": run, "place": json.dumps({"given": stored.pop("read_ahead"), **stored})}


def position_of(progress: SegmentProgress) -> BackfillPosition:
    """Read the position from a backfill's checkpoint."""
    if not progress.position:
        return BackfillPosition()
    stored = json.loads(progress.position["place"])
    return BackfillPosition(
        start=stored["start"],
        read_ahead=stored["given"],
        sent=stored["sent"],
        unsent=tuple(Unsent(**known_fields(Unsent, customer)) for customer in stored["unsent"]),
    )


class BackfillCheckpoints:
    """The checkpoints of one backfill."""

    def __init__(self, store: ProgressStore, name: str) -> None:
        """
        Args:
            name: See `Selection.name_for`.
        """
        self._store = store
        self._name = name
        self._run = ""

    def begin(self, plan: Plan, run: str) -> Plan:
        """Begin a new run; checkpoints of earlier runs are ignored from now on.

        Args:
            plan: How the event table is split.
            run: A unique name.
        """
        self._run = run
        position = {"run": run, "segments": str(plan.segments)}
        self._store.save(self._plan_name, SegmentProgress(0, position, events=plan.expected_events))
        return plan

    def resume(self) -> Plan:
        """Continue the newest run.

        Raises:
            CommandError: There is no run to resume.
        """
        [saved] = self._store.load(self._plan_name, 1)
        if not saved.position:
            raise CommandError(
                "There is no backfill with this queue, this time range and these customers to resume: "
                "check the arguments, or drop --resume."
            )
        self._run = saved.position["run"]
        return Plan(int(saved.position["segments"]), saved.events)

    def load(self, segments: int) -> Sequence[SegmentProgress]:
        """Return the checkpoints of this run. A segment without one is at its start.

        Args:
            segments: The number of segments.
        """
        return [
            saved if (saved.position or {}).get("run") == self._run else SegmentProgress(saved.segment)
            for saved in self._store.load(self._name, segments)
        ]

    def save(self, progress: SegmentProgress, position: BackfillPosition) -> SegmentProgress:
        """Save a checkpoint.

        Args:
            progress: The progress of a segment, all of which the queue has accepted.
            position: Where the segment continues.
        """
        reached = replace(progress, position=position.as_position(self._run), at=timestamp(utc_now()))
        self._store.save(self._name, reached)
        return reached

    def check(self) -> None:
        """Check that this is still the newest run.

        Raises:
            CommandError: Another operator began a new run.
        """
        [saved] = self._store.load(self._plan_name, 1)
        if (saved.position or {}).get("run") != self._run:
            raise CommandError(
                "The same backfill was started again elsewhere: that run sends everything, this one stops."
            )

    @property
    def _plan_name(self) -> str:
        return f"{self._name}-plan"
