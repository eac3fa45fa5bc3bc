"""Erases a customer with a long history, and cuts the erasure at each of its calls of the database, before and after.

python -m tests.simulation.cuts --versions 130
"""

import argparse
import json
import sys
from collections.abc import Iterator
from random import Random
from typing import Final

from tests.simulation.clients import gateway_event
from tests.simulation.erasures import finish, nothing_remains, prolong
from tests.simulation.faults import Faults, Mix
from tests.simulation.healing import drain
from tests.simulation.signals import Crash, Violation
from tests.simulation.world import World

# Longer erasures are cut at the first and the last calls and at random ones between them.
_EVERY_CALL_UP_TO: Final = 120
_ENDS: Final = 10
PHASES: Final = ("crash_before", "crash_after")


class CutAt(Faults):
    """Kills the function at one call, and does nothing else.

    Attributes:
        calls: Calls made so far.
    """

    def __init__(self, number: int = 0, phase: str = "") -> None:
        super().__init__(Mix(), Random(0))
        self.calls = 0
        self._number = number
        self._phase = phase

    def happens(self, kind: str, likelihood: float) -> bool:
        self.calls += kind == PHASES[0]
        return kind == self._phase and self.calls == self._number


def world_with(versions: int) -> tuple[World, str]:
    """A world in which nothing fails, and its one customer."""
    world = World(1, commands=0)
    world.faults = CutAt()
    world.callers.step()
    [customer_id] = world.oracle.people
    prolong(world, customer_id, versions)
    return world, customer_id


def erase(world: World, customer_id: str, faults: Faults) -> None:
    """Send a DELETE and let FinishErasures do the rest. The faults may cut either."""
    world.faults = faults
    event = gateway_event("erase", "customers/write", {}, customer_id, None)
    try:
        world.request("erase", event)
        finish(world, customer_id)
    except Crash:
        world.trace("cut")


def calls_of(versions: int) -> int:
    """The number of calls of an erasure that is not cut."""
    world, customer_id = world_with(versions)
    faults = CutAt()
    erase(world, customer_id, faults)
    return faults.calls


def cut(versions: int, number: int, phase: str) -> str:
    """Cut an erasure at one call, finish it, and see whether anything is left. Returns what, or nothing."""
    world, customer_id = world_with(versions)
    erase(world, customer_id, CutAt(number, phase))
    world.faults = CutAt()
    try:
        if not world.oracle.people[customer_id].erased_at:
            erase(world, customer_id, CutAt())
        finish(world, customer_id)
        drain(world)
        nothing_remains(world)
    except Violation as violation:
        return f"{versions} versions, {phase} call {number}: {violation}"
    return ""


def cuts(calls: int) -> Iterator[tuple[int, str]]:
    """The calls to cut at."""
    numbers = range(1, calls + 1)
    if calls > _EVERY_CALL_UP_TO:
        between = Random(calls).sample(numbers[_ENDS:-_ENDS], _ENDS)
        numbers = sorted({*numbers[:_ENDS], *between, *numbers[-_ENDS:]})  # type: ignore[assignment]
    for number in numbers:
        yield from ((number, phase) for phase in PHASES)


def main() -> int:
    """Cut an erasure everywhere. Returns 1 if anything is left of the customer."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.cuts", description=__doc__)
    parser.add_argument("--versions", type=int, default=130, help="length of the history")
    versions = parser.parse_args().versions
    calls = calls_of(versions)
    tried = list(cuts(calls))
    broken = [how for number, phase in tried if (how := cut(versions, number, phase))]
    print(json.dumps({"versions": versions, "calls": calls, "cuts": len(tried), "broken": broken}))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
