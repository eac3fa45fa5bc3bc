"""Simulated operators: they rebuild, verify, switch, roll back, retire and redrive while everything else goes on.

An operator's process may die at any call, and another one may run beside it. It knows only what the tables hold.
"""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from events.dynamodb_store import DynamoDbEventStore
from events.store import StoreBusy
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import Generations, GenerationsChanged, WrongStep
from projections.maintenance.differences import Difference, DifferenceKind
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import SegmentProgress, rebuild_job
from projections.maintenance.rebuild import Pace, Rebuild, RebuildFailed
from projections.maintenance.redrive import Redrive, RedriveOutcome
from projections.maintenance.verify import Verifier
from projections.projector import Projector
from projections.read_model import ReadModelBusy
from tests.simulation.clock import VirtualClock
from tests.simulation.invariants import SEGMENTS, require
from tests.simulation.signals import Crash

# How often an operator tries to switch without checking how far the rebuild is.
_TOO_EARLY: Final = 0.1
# Of a new generation: as many as the active one has, or another number.
_SHARDS: Final = (None, None, 1, 3, 7)
# How often an operator compares what is read, and repairs it.
_REPAIRS: Final = 0.15
_REFUSALS: Final = (
    GenerationsChanged, WrongStep, RebuildFailed, ReadModelBusy, StoreBusy, BotoCoreError, ClientError
)  # fmt: skip


class Around(Protocol):
    """What operators need from their world."""

    random: Random
    clock: VirtualClock
    client: Any

    def sleep(self, seconds: float) -> None: ...

    def trace(self, *what: object) -> None: ...

    def by_hand(self, work: Callable[[], None]) -> None:
        """Let an operator do something."""


class Operators:
    """All operators together.

    Attributes:
        steps: Steps taken.
        switches: How often queries moved to another generation.
    """

    def __init__(self, world: Around) -> None:
        self.steps = 0
        self.switches = 0
        self._world = world
        store = DynamoDbEventStore(world.client, "events", pause=world.sleep)
        self.rows = DynamoDbReadModel(world.client, "read", world.sleep)
        self.generations = DynamoDbGenerations(world.client, "read")
        self._progress = DynamoDbProgress(world.client, "read")
        projector = Projector(self.rows, store.read, world.clock.utc_now)
        self._rebuild = Rebuild(store, projector, self._progress, self.generations, Pace(world.sleep))
        self._verifier = Verifier(store, self.rows, world.sleep, world.clock.utc_now)
        self.redrive = Redrive(store, self.rows, projector, self.generations)

    def step(self) -> None:
        """Do one piece of pending work. It may fail, and is then repeated later."""
        self._try(lambda: self._step(self.generations.load()))

    def redrive_now(self) -> None:
        """Redrive every customer, as far as that goes."""
        self._try(lambda: self._redrive_fed(self.generations.load(), dry=False))

    def _try(self, work: Callable[[], None]) -> None:
        self.steps += 1
        try:
            self._world.by_hand(work)
        except Crash:
            self._world.trace("operator", "crashed")
        except _REFUSALS as refusal:
            self._world.trace("operator", type(refusal).__name__)

    def _step(self, record: Generations) -> None:
        random = self._world.random
        if record.retired and record.has_settled(self._world.clock.utc_now()):
            self._remove(record)
        elif random.random() < 0.3:
            self._redrive_fed(record, dry=random.random() < 0.2)
        elif random.random() < _REPAIRS:
            self.verify(record.active)
        elif record.building is not None:
            self._go_on(record, record.building)
        elif record.previous is not None:
            self._leave_previous(record)
        else:
            self.generations.save(record.start_rebuild(random.choice(_SHARDS)))

    def _redrive_fed(self, record: Generations, *, dry: bool) -> None:
        for generation in record.fed:
            self._redrive(generation, dry=dry)

    def _leave_previous(self, record: Generations) -> None:
        now = self._world.clock.utc_now()
        if self._world.random.random() < 0.2:
            self.generations.save(record.rollback(now))
            self.switches += 1
        else:
            self.generations.save(record.retire(now))

    def _go_on(self, record: Generations, generation: int) -> None:
        now = self._world.clock.utc_now()
        if self._world.random.random() < _TOO_EARLY:
            self.generations.save(record.switch(now))
            self.switches += 1
            return
        left = [each for each in self._progress.load(rebuild_job(generation), SEGMENTS) if not each.done]
        if left:
            self._rebuild.step(generation, self._world.random.choice(left), SEGMENTS)
        elif self._world.random.random() < 0.05:
            self.generations.save(record.abandon(now))
        elif not record.verified:
            if not self.verify(generation, accept_parked=self._world.random.random() < 0.3):
                self.generations.save(record.confirm())
        else:
            self.generations.save(record.switch(now) if record.previous is None else record.retire(now))
            self.switches += record.previous is None

    def verify(self, generation: int, *, accept_parked: bool = True) -> list[Difference]:
        """The differences of a generation that remain after its repair."""
        found = self._differences(generation)
        # Unredacted events are the erasure's to finish, and no error of the generation.
        accepted = {DifferenceKind.UNREDACTED, *([DifferenceKind.PARKED] if accept_parked else [])}
        wrong = [each for each in found if each.kind not in accepted]
        return [each for each in wrong if not self._repair(each, generation)]

    def _differences(self, generation: int) -> list[Difference]:
        found: list[Difference] = []
        for segment in range(SEGMENTS):
            at = SegmentProgress(segment)
            while not at.done:
                at, differences = self._verifier.step(generation, at, SEGMENTS)
                found += differences
            found += self._verifier.orphans(generation, segment, SEGMENTS)
        return found

    def _repair(self, difference: Difference, generation: int) -> bool:
        return self._verifier.repair(difference, generation, self.generations.load().before(generation))

    def _redrive(self, generation: int, *, dry: bool) -> list[RedriveOutcome]:
        outcomes = []
        for redriven in self.redrive.run(generation, dry=dry):
            self._world.trace("redriven", redriven.customer_id, redriven.outcome)
            outcomes.append(redriven.outcome)
        return outcomes

    def _remove(self, record: Generations) -> None:
        generation = record.retired[0]
        page = self.rows.rows(generation, 0, 1, None)
        start = page.next
        while not page.rows and start is not None:
            page = self.rows.rows(generation, 0, 1, start)
            start = page.next
        if page.rows:
            self.rows.remove(page.rows[:25])
        else:
            self.generations.save(record.removed(generation))

    # Once nothing fails any more.

    def redrive_all(self) -> int:
        """Redrive every generation. Returns how many customers came back."""
        outcomes = [each for number in self.generations.load().fed for each in self._redrive(number, dry=False)]
        require(set(outcomes) <= {RedriveOutcome.RETURNED}, "I7", f"a redrive ended with {sorted(set(outcomes))}")
        return len(outcomes)

    def repair_all(self) -> None:
        """Verify and repair every generation, so that a second verification finds nothing."""
        for number in self.generations.load().fed:
            for difference in self._differences(number):
                self._repair(difference, number)
                left = self._verifier.compare_one(difference.customer_id, number)
                require(not left, "I5", f"generation {number} is beyond repair: {left}")

    def finish(self, most: int) -> None:
        """Finish pending work until one generation is left."""
        for _ in range(most):
            record = self.generations.load()
            if record.building is None and record.previous is None and not record.retired:
                return
            self._world.clock.advance(61)
            with suppress(WrongStep):
                self._step(record)
        require(holds=False, rule="STUCK", what="a rebuild does not come to its end")
