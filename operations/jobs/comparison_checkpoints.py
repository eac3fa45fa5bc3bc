"""Checkpoints of a comparison, kept in the read table, so that any operator can resume it where it ended.

Each checkpoint names its run, so a new run cannot mistake what an earlier one left for its own work.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from operations.errors import CommandError
from projections.maintenance.progress import Plan, ProgressStore, SegmentProgress


class ComparisonCheckpoints:
    """The checkpoints of one comparison.

    Attributes:
        left: The differences that remained when the checkpoints were loaded, by kind.
    """

    def __init__(self, store: ProgressStore, job: str) -> None:
        """
        Args:
            job: The name of the comparison; the same for every run of it.
        """
        self._store = store
        self._job = job
        self._run = ""
        self._left: dict[int, Counter[str]] = {}
        self.left: Counter[str] = Counter()

    def begin(self, plan: Plan) -> Plan:
        """Begin a new run. Checkpoints of earlier runs are ignored from now on.

        Args:
            plan: How the table is split.
        """
        self._run = str(uuid4())
        position = {"run": self._run, "segments": str(plan.segments)}
        self._store.save(self._plan_name, SegmentProgress(0, position, events=plan.expected_events))
        return plan

    def resume(self) -> Plan:
        """Continue the newest run.

        Raises:
            CommandError: No run was interrupted.
        """
        [saved] = self._store.load(self._plan_name, 1)
        if not saved.position:
            raise CommandError("No interrupted verification is left to resume: run the command without --resume.")
        self._run = saved.position["run"]
        return Plan(int(saved.position["segments"]), saved.events)

    def load(self, segments: int) -> Sequence[SegmentProgress]:
        """Return the progress of each segment. One without a checkpoint of this run is at its start.

        Args:
            segments: The number of segments.
        """
        return [self._reached(saved) for saved in self._store.load(self._job, segments)]

    def save(self, progress: SegmentProgress, left: Counter[str]) -> None:
        """Save a checkpoint.

        Args:
            progress: All differences up to its position were reported.
            left: Those of the last step that remain, by kind.
        """
        total = self._left.get(progress.segment, Counter()) + left
        self._left[progress.segment] = total
        place = json.dumps({"start": progress.position and dict(progress.position), "left": total})
        self._store.save(self._job, replace(progress, position={"run": self._run, "place": place}))

    def end(self) -> None:
        """Delete the checkpoints of a run that is complete."""
        self._store.remove(self._job)
        self._store.remove(self._plan_name)

    def _reached(self, saved: SegmentProgress) -> SegmentProgress:
        if (saved.position or {}).get("run") != self._run or not saved.position:
            return SegmentProgress(saved.segment)
        place = json.loads(saved.position["place"])
        left: Counter[str] = Counter(place["left"])
        self._left[saved.segment] = left
        self.left += left
        return replace(saved, position=place["start"])

    @property
    def _plan_name(self) -> str:
        return f"{self._job}-plan"
