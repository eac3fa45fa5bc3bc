"""Simulated operators: they rebuild, verify, switch, roll back, retire, redrive and backfill while everything goes on.

They type the commands of `python -m operations`, and start the rebuild's state machine. A process may die at any call,
and another one may run beside it. It knows only what the tables and queues hold.
"""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final, Protocol

from operations.command_line import parse
from operations.errors import REPORTED
from operations.output import Output
from projections.customers import CUSTOMERS
from projections.generations import Generations, WrongStep
from projections.maintenance.redrive import RedriveOutcome
from tests.simulation.clock import VirtualClock
from tests.simulation.database import Database
from tests.simulation.faults import Faults
from tests.simulation.invariants import require
from tests.simulation.oracle import Oracle
from tests.simulation.signals import Crash
from tests.simulation.stack import Queues, stack_of
from tests.simulation.state_machine import StateMachine

# How often an operator tries to switch without checking how far the rebuild is.
_TOO_EARLY: Final = 0.1
_ABANDONED: Final = 0.03
# How often an operator does something that has nothing to do with a rebuild.
_OTHER_WORK: Final = 0.4
# How many functions the state machine invokes before an operator's next step.
_INVOCATIONS: Final = 6
# The commands on one view.
_OF_A_VIEW: Final = {"rebuild", "verify", "redrive"}
_RATES: Final = ("20", "1000", "100000")
# Of a new generation: as many as the active one has, or another number.
_SHARDS: Final = (None, None, 1, 3, 7)


class Around(Protocol):
    """What operators need from their world."""

    random: Random
    clock: VirtualClock
    client: Any
    database: Database
    faults: Faults
    oracle: Oracle
    queues: Queues
    views: tuple[str, ...]

    def sleep(self, seconds: float) -> None: ...

    def trace(self, *what: object) -> None: ...

    def by_hand(self, work: Callable[[], None]) -> None:
        """Let an operator do something."""

    def invoked(self, work: Callable[[], Any]) -> Any:
        """Run a function that the state machine invokes."""


class Operators:
    """All operators of one view together.

    Attributes:
        steps: Steps taken.
        rows: The read table.
        generations: The record of generations.
    """

    def __init__(self, world: Around, view: str = CUSTOMERS.name) -> None:
        """
        Args:
            view: The name of the view that they work on.
        """
        self.steps = 0
        self._by_hand = 0
        self._world = world
        self._stack = stack_of(world, world.queues).for_view(view)
        self._machine = StateMachine(world, view)
        self.rows = self._stack.read_model
        self.generations = self._stack.generations

    @property
    def switches(self) -> int:
        """How often queries moved to another generation."""
        return self._by_hand + self._machine.switched

    def step(self) -> None:
        """Do one piece of pending work. It may fail, and is then repeated later."""
        self._try(lambda: self._step(self.generations.load()))

    def redrive_now(self) -> None:
        """Redrive every customer, as far as that goes."""
        self._try(lambda: self._run("redrive", "--go"))

    def _try(self, work: Callable[[], object]) -> None:
        self.steps += 1
        try:
            self._world.by_hand(lambda: (work(), None)[1])
        except Crash:
            self._world.trace("operator", "crashed")
        except REPORTED as refusal:
            self._world.trace("operator", type(refusal).__name__)

    def _run(self, *words: str) -> int:
        """Run a command. Returns its exit status."""
        return self._printed(*words)[0]

    def _printed(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """Run a command. Returns its exit status and what it printed."""
        printed = io.StringIO()
        option = self._stack.view_option.split() if words[0] in _OF_A_VIEW else []
        arguments = parse([*words, *option, "--json"])
        require(not option or arguments.view == self._stack.view.name, "ERRORS", f"{words} on another view")
        status: int = arguments.run(self._stack, arguments, Output(as_json=True, to=printed))
        self._world.trace("operator", *words, *option, status)
        return status, [json.loads(line) for line in printed.getvalue().splitlines()]

    def _step(self, record: Generations) -> None:
        random = self._world.random
        if record.retired and record.has_settled(self._world.clock.utc_now()):
            self._run("rebuild", "remove", "--rate", random.choice(_RATES))
        elif random.random() < _OTHER_WORK:
            self._other_work()
        elif record.building is not None:
            self._go_on(record.building)
        elif record.previous is not None:
            self._leave_previous()
        elif random.random() < 0.5:
            self._machine.start()
        else:
            shards = random.choice(_SHARDS)
            self._run("rebuild", "start", *([] if shards is None else ["--shards", str(shards)]))

    def _other_work(self) -> None:
        random = self._world.random
        chosen = random.random()
        if chosen < 0.5:
            self._run("redrive", *([] if random.random() < 0.2 else ["--go"]))
        elif chosen < 0.75:
            self._run("verify", "--repair")
        elif chosen < 0.9:
            self._run("redrive-failures", *([] if random.random() < 0.2 else ["--go"]))
        else:
            self._backfill_some()

    def _backfill_some(self) -> None:
        random, people = self._world.random, list(self._world.oracle.people)
        if people:
            names = random.sample(people, min(3, len(people)))
            chosen = [word for name in names for word in ("--customer", name)]
            self._run("backfill", "--queue", random.choice(list(self._world.queues.consumers)), *chosen)

    def _leave_previous(self) -> None:
        if self._world.random.random() < 0.2:
            self._run("rebuild", "rollback")
            self._by_hand += 1
        else:
            self._run("rebuild", "retire")

    def _go_on(self, generation: int) -> None:
        random = self._world.random
        if random.random() < _TOO_EARLY:
            self._switch()
        elif random.random() < _ABANDONED:
            self._run("rebuild", "abandon")
        elif self._machine.is_running:
            for _ in range(_INVOCATIONS):
                self._machine.step()
        elif random.random() < 0.3:
            self._machine.start()
        else:
            random.choice((self._all_at_once, self._fill, self._verify))(generation)

    def _fill(self, generation: int) -> None:
        self._run("rebuild", "run", "--workers", "1", "--rate", self._world.random.choice(_RATES))

    def _verify(self, generation: int) -> None:
        accepted = ["--accept-parked"] if self._world.random.random() < 0.3 else []
        if self._run("rebuild", "verify", *accepted):
            self._run("verify", "--repair", "--generation", str(generation))
        else:
            self._switch()

    def _all_at_once(self, generation: int) -> None:
        random = self._world.random
        accepted = ["--accept-parked"] if random.random() < 0.3 else []
        status = self._run("rebuild", "all", "--workers", "1", "--rate", random.choice(_RATES), *accepted)
        self._by_hand += not status

    def _switch(self) -> None:
        self._run("rebuild", "switch")
        self._by_hand += 1

    # Once nothing fails any more.

    def redrive_all(self) -> int:
        """Redrive every generation. Returns how many customers came back."""
        _, printed = self._printed("redrive", "--go")
        counts = {outcome: printed[-1][outcome.name.lower()] for outcome in RedriveOutcome}
        ended = {outcome for outcome, number in counts.items() if number}
        require(ended <= {RedriveOutcome.RETURNED}, "I7", f"a redrive ended with {sorted(ended)}")
        return sum(counts.values())

    def redrive_failures(self) -> None:
        """Bring the customers of all lost batches up to date."""
        status = self._run("redrive-failures", "--go")
        left = [body for bodies in self._world.queues.messages.values() for body in bodies.values()]
        require(status == 0 and not left, "I7", f"{len(left)} messages about lost batches are left")

    def repair_all(self) -> None:
        """Verify and repair every generation, so that a second verification finds nothing."""
        for number in self.generations.load().fed:
            self._run("verify", "--repair", "--generation", str(number))
            status, left = self._printed("verify", "--generation", str(number))
            require(status == 0, "I5", f"generation {number} is beyond repair: {left[:3]}")

    def backfill_all(self) -> None:
        """Send every consumer every event."""
        for name in self._world.queues.consumers:
            _, printed = self._printed("backfill", "--queue", name, "--rate", "1000")
            unsent = {each["customer_id"] for each in printed if "from_version" in each}
            # What an erased customer's unreadable event was, nobody needs to know any more.
            left = {each for each in unsent if not self._world.oracle.people[each].erased_at}
            require(not left, "I5", f"the backfill of {name} left out events of {sorted(left)}")

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
