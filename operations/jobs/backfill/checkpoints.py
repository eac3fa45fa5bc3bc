"""How far a backfill is, kept where every operator finds it: beside a rebuild's checkpoints.

Each checkpoint names its run. So a run that begins anew need not clear what an earlier one left, and cannot take it
for its own work.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from events.store import Position
from operations.errors import CannotDo
from operations.jobs.backfill.messages import Unsent
from projections.maintenance.progress import Plan, ProgressStore, SegmentProgress
from shared.runtime.clock import timestamp, utc_now

# A checkpoint is one item of at most 400 KB; who is beyond is still counted.
MOST_NAMED: Final = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a segment's reading goes on; `projections.maintenance.progress.SegmentProgress.position` of a backfill.

    Attributes:
        start: See `operations.jobs.backfill.histories.Part.next`.
        given: See `Part.given`.
        sent: Messages sent so far.
        unsent: Who could not be sent, `MOST_NAMED` at most.
    """

    start: Position | None = None
    given: str = ""
    sent: int = 0
    unsent: tuple[Unsent, ...] = ()

    def as_position(self, run: str) -> Position:
        """For the checkpoint.

        Args:
            run: The run's name.
        """
        return {"run": run, "place": json.dumps(asdict(self))}


def place_of(progress: SegmentProgress) -> Place:
    """Read a checkpoint.

    Args:
        progress: A backfill's.
    """
    if not progress.position:
        return Place()
    kept = json.loads(progress.position["place"])
    return Place(**{**kept, "unsent": tuple(Unsent(**one) for one in kept["unsent"])})


class BackfillCheckpoints:
    """The checkpoints of one backfill."""

    def __init__(self, store: ProgressStore, work: str) -> None:
        """Join it to what is kept.

        Args:
            store: Keeps checkpoints.
            work: See `Selection.work`.
        """
        self._store = store
        self._work = work
        self._run = ""

    def begin(self, plan: Plan, run: str) -> Plan:
        """Begin anew; what an earlier run left counts no more.

        Args:
            plan: How the event table is read.
            run: A name that no other run has.
        """
        self._run = run
        position = {"run": run, "segments": str(plan.segments)}
        self._store.save(self._plan, SegmentProgress(0, position, events=plan.expected_events))
        return plan

    def resume(self) -> Plan:
        """Go on with the run that was begun last.

        Raises:
            CannotDo: There is none.
        """
        [kept] = self._store.load(self._plan, 1)
        if not kept.position:
            raise CannotDo(
                "No backfill with this queue, this time range and these customers was begun: "
                "look at the words again, or leave out --resume."
            )
        self._run = kept.position["run"]
        return Plan(int(kept.position["segments"]), kept.events)

    def load(self, segments: int) -> Sequence[SegmentProgress]:
        """All of this run; a segment that has none is at its start.

        Args:
            segments: How many there are.
        """
        saved = self._store.load(self._work, segments)
        return [one if (one.position or {}).get("run") == self._run else SegmentProgress(one.segment) for one in saved]

    def save(self, progress: SegmentProgress, place: Place) -> SegmentProgress:
        """Keep one.

        Args:
            progress: All that stands before it was taken by the queue.
            place: Where to go on.
        """
        reached = replace(progress, position=place.as_position(self._run), at=timestamp(utc_now()))
        self._store.save(self._work, reached)
        return reached

    def check(self) -> None:
        """Look whether this is still the newest run.

        Raises:
            CannotDo: Somebody began anew, and their run is the one to go on with.
        """
        [kept] = self._store.load(self._plan, 1)
        if (kept.position or {}).get("run") != self._run:
            raise CannotDo(
                "Somebody else began this backfill anew meanwhile: theirs sends everything, so this one stops."
            )

    @property
    def _plan(self) -> str:
        return f"{self._work}-plan"
