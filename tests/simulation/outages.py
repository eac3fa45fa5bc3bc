"""One dependency of the stream's two readers is away for minutes, and comes back.

Projector and publisher run as in the other worlds, with the mapping's core, but with the settings of template.yml. They
start with a backlog, callers go on writing, and every call to the dependency fails for the whole time. Afterwards
nothing was given up, nobody is parked who should not be, and the readers catch up within minutes.

python -m tests.simulation.outages --minutes 1 3 10 60
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from tests.simulation import wiring

os.environ |= {
    "STAGE": "simulation",
    "EVENT_BUS": "bus",
    "PUBLISH_FAILURE_QUEUE": "failures",
    "EPOCH": "1",
    "REBUILD_WORKERS": "2",
    "REBUILD_RATE": "1000",
}

from local.environments import ROOT
from projections.handlers import rebuild_control, rebuild_segment, verify_segment
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import Plan, save_plan
from publisher.event_bridge import EventBridgeBus
from publisher.handlers import publish_events
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from tests.asl import Execution, StateFailed
from tests.simulation.away import (
    DEPENDENCIES,
    EVENT_TABLE,
    QUEUES,
    READ_TABLE,
    Away,
    BusAway,
    DynamoDbAway,
    StreamReader,
)
from tests.simulation.erasures import nothing_remains
from tests.simulation.healing import check_projection, parked
from tests.simulation.invariants import SEGMENTS, require
from tests.simulation.signals import Violation
from tests.simulation.stream import SimulatedStream
from tests.simulation.template_settings import settings_of_template
from tests.simulation.world import World

MINUTES: Final = (1, 3, 10, 60)
MACHINE: Final = json.loads((ROOT / "projections/maintenance/rebuild.asl.json").read_text())
# Within this time after an outage of any length, both readers have caught up.
MOST_LAG_SECONDS: Final = 180.0
_BACKLOG: Final = 30
_COMMANDS_IN_OUTAGE: Final = 40
_STRANGE: Final = 3
_CONTEXT: Final = SimpleNamespace(get_remaining_time_in_millis=lambda: 600_000)
_FUNCTIONS: Final = {
    "${RebuildControl}": rebuild_control,
    "${RebuildSegment}": rebuild_segment,
    "${VerifySegment}": verify_segment,
}


@dataclass(frozen=True, slots=True)
class OutageOutcome:
    """What one outage did.

    Attributes:
        case: `readers`, `refused row` or `rebuild`.
        dependency: What was away.
        minutes: For how long.
        given_up: The batches that the two mappings gave up.
        put_aside: The events that the publisher put aside.
        parked: The customers who are parked.
        lag: Seconds from the end of the outage until both readers had caught up.
        events: The events in the event table.
        failures: The calls that failed.
        rule: The invariant that broke; empty for none.
        broken: How it broke.
    """

    case: str
    dependency: str
    minutes: float
    given_up: int
    put_aside: int
    parked: int
    lag: float
    events: int
    failures: int
    rule: str
    broken: str


class OutageWorld:
    """A world in which nothing fails but one dependency for some time.

    Attributes:
        struck: The customers who must end parked.
    """

    def __init__(self, seed: int) -> None:
        self.struck: set[str] = set()
        self.lag = 0.0
        self.world = World(seed, commands=_BACKLOG + _COMMANDS_IN_OUTAGE)
        self.world.faults.stop()
        self.world.faults.mix.lag = 0.0
        # Scattered, so that records of a customer arrive in any order.
        self.world.stream = SimulatedStream(2, self.world.clock, self.world.random, self.world.faults, scattered=True)
        self.away = Away(self.world)
        self.client = DynamoDbAway(self.world.client, self.away)
        self.world.client = self.client
        self.bus = BusAway(self.away)
        bus: Any = self.bus
        publish_events.publisher = Publisher(
            EventBridgeBus(bus, "bus", self.world.clock.now),
            SqsPublishFailures(bus, "failures"),
            "urn:s",
            self.world.pass_time,
        )
        self.projecting = self._reader("ProjectCustomersMapping", self._project)
        self.readers = (self.projecting, self._reader("PublishEventsMapping", self._publish))

    @property
    def given_up(self) -> int:
        """The batches that the mappings gave up."""
        return sum(len(reader.documents) for reader in self.readers)

    def _reader(self, mapping: str, function: Callable[[Any], Any]) -> StreamReader:
        return StreamReader(settings_of_template(mapping), self.world, self.away, function)

    def _project(self, event: Any) -> Any:
        answer = wiring.HANDLERS.project(event, None)
        self.world.invariants.projected(event["Records"], answer)
        return answer

    def _publish(self, event: Any) -> Any:
        return publish_events.handle(event, None)

    def write(self, commands: int) -> None:
        """Let callers begin a number of commands."""
        until = self.world.callers.commands + commands
        while self.world.callers.commands < until:
            self.world.clock.advance(0.1)
            self.world.callers.step()

    def run(self, seconds: float, commands: int) -> None:
        """Let the readers run for some time, while callers spread their commands over it."""
        clock = self.world.clock
        begun, written = clock.time, 0
        while (passed := clock.time - begun) < seconds:
            if written <= commands * passed / seconds:
                self.world.callers.step()
                written += 1
            due = min(reader.driver.step() for reader in self.readers)
            clock.reach(min(due, clock.time + seconds / commands))

    def catch_up(self) -> float:
        """Let the readers run until they have everything. Returns how long that took, in seconds."""
        clock = self.world.clock
        begun = clock.time
        while clock.time - begun <= MOST_LAG_SECONDS and not all(reader.is_drained for reader in self.readers):
            clock.reach(min(reader.driver.step() for reader in self.readers))
        return clock.time - begun

    def somebody_with_a_change(self) -> str:
        """A customer with a second event whom the projector has not met. Callers leave them alone from now on."""
        people = self.world.oracle.people.items()
        seen = self.projecting.seen
        chosen = next(
            name for name, person in people if person.version > 1 and not person.erased_at and name not in seen
        )
        self.world.callers.known.pop(chosen, None)
        return chosen

    def refuse_a_row(self) -> None:
        """DynamoDB refuses the rows of a customer."""
        self.client.refuses = chosen = self.somebody_with_a_change()
        self.world.invariants.struck[chosen] = {2}
        self.struck |= {chosen}

    def poison(self) -> None:
        """Somebody writes events that our code cannot read."""
        for _ in range(_STRANGE):
            self.world.poisoner.strike()

    def check(self) -> None:
        """What must hold after an outage."""
        world = self.world
        poisoned = {name for name in world.poisoner.victims if not world.oracle.people[name].erased_at}
        expected = self.struck | poisoned
        require(not self.given_up, "I10", f"{self.given_up} batches were given up")
        require(self.lag <= MOST_LAG_SECONDS, "LAG", f"the readers had not caught up after {MOST_LAG_SECONDS:.0f} s")
        require(parked(world) == expected, "PARKED", f"{sorted(parked(world))} are parked, and not {sorted(expected)}")
        world.answers.calm = True
        world.callers.finish()
        require(self.catch_up() <= MOST_LAG_SECONDS, "LAG", "the readers do not catch up")
        world.finisher.finish_all()
        world.invariants.log_is_whole()
        world.invariants.claims_are_exact()
        nothing_remains(world)
        check_projection(world, expected)
        self._check_bus()

    def _check_bus(self) -> None:
        """I6, and only events that nobody can read are put aside."""
        world = self.world
        stored = {
            (name, version): item["event_id"]["S"]
            for name, person in world.oracle.people.items()
            for version, item in enumerate(person.items, start=1)
        }
        letters = {(each["customer_id"], each["version"]) for each in self.bus.letters}
        strange = {(name, version) for name, versions in world.poisoner.victims.items() for version in versions}
        require(letters <= strange, "I10", f"{len(letters - strange)} readable events were put aside")
        missing = [key for key, event_id in stored.items() if event_id not in self.bus.ids and key not in letters]
        require(not missing, "I6", f"{len(missing)} events are neither on the bus nor put aside")

    def outcome(self, case: str, dependency: str, minutes: float, work: Callable[[], None]) -> OutageOutcome:
        """Do the work, and describe what became of it."""
        rule = broken = ""
        try:
            work()
        except Violation as violation:
            rule, broken = violation.rule, str(violation)
        except StateFailed as failed:
            rule, broken = "I10", f"the execution failed: {failed}"
        return OutageOutcome(
            case,
            dependency,
            minutes,
            given_up=self.given_up,
            put_aside=len(self.bus.letters),
            parked=len(parked(self.world)),
            lag=round(self.lag, 1),
            events=sum(person.version for person in self.world.oracle.people.values()),
            failures=self.away.failures,
            rule=rule,
            broken=broken,
        )


def suffer(dependency: str, minutes: float, seed: int = 0, case: str = "readers") -> OutageOutcome:
    """Let the readers suffer one outage.

    Args:
        case: `refused row` lets the read table refuse one customer's rows as well.
    """
    it = OutageWorld(seed)

    def work() -> None:
        it.write(_BACKLOG)
        it.catch_up()
        it.write(_BACKLOG)
        if case == "refused row":
            it.refuse_a_row()
        if dependency == EVENT_TABLE:
            it.projecting.misses = it.somebody_with_a_change()
        if dependency == QUEUES:
            it.poison()
        it.away.dependency = dependency
        it.run(minutes * 60, _COMMANDS_IN_OUTAGE)
        it.away.dependency = ""
        it.lag = it.catch_up()
        it.check()

    return it.outcome(case, dependency, minutes, work)


def rebuild(dependency: str, minutes: float, seed: int = 0) -> OutageOutcome:
    """Run the state machine of a rebuild. At a call of its functions, a dependency goes away for some minutes."""
    it, dice = OutageWorld(seed), Random(seed)
    # 0 is Start. Then come two segments to fill and two to compare, which read both tables.
    calls, begins, until = 0, dice.randrange(1, 1 + 2 * SEGMENTS), float("inf")

    def call(resource: str, sent: Any) -> Any:
        nonlocal calls, until
        if calls == begins:
            it.away.dependency, until = dependency, it.world.clock.time + minutes * 60
        calls += 1
        it.away.inside = True
        try:
            return _FUNCTIONS[resource].handle(sent, _CONTEXT)
        finally:
            it.away.inside = False

    def wait(seconds: float) -> None:
        it.world.clock.advance(seconds)
        if it.world.clock.time >= until:
            it.away.dependency = ""

    def work() -> None:
        it.write(_BACKLOG)
        it.catch_up()
        client: Any = it.client
        save_plan(DynamoDbProgress(client, "read"), 2, Plan(SEGMENTS, 100))
        Execution(call, wait, lambda delay: dice.uniform(0, delay)).run(MACHINE, {})
        require(it.world.invariants.active == 2, "I10", "the rebuild did not switch")
        it.away.dependency = ""
        it.check()

    return it.outcome("rebuild", dependency, minutes, work)


def main() -> int:
    """Run outages. Returns 1 if an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.outages", description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=list(MINUTES))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    outcomes = [
        outcome
        for minutes in arguments.minutes
        for outcome in (
            *(suffer(dependency, minutes, arguments.seed) for dependency in DEPENDENCIES),
            suffer(READ_TABLE, minutes, arguments.seed, "refused row"),
            rebuild(EVENT_TABLE, minutes, arguments.seed),
            rebuild(READ_TABLE, minutes, arguments.seed),
        )
    ]
    print(json.dumps([asdict(each) for each in outcomes]))
    return 1 if any(each.rule for each in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
