"""Runs one seed, and adds up many."""

import gc
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.healing import heal
from tests.simulation.signals import Violation
from tests.simulation.world import World

COMMANDS = 300
# Roughly the number of objects that one seed leaves behind.
_OBJECTS_A_COLLECTION = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one seed.

    Attributes:
        seed: The seed.
        digest: The hash of all its effects.
        counts: What was done, by name.
        faults: Faults by kind.
        rule: The invariant that broke; empty for none.
        broken: How it broke.
    """

    seed: int
    digest: str
    counts: dict[str, int]
    faults: dict[str, int]
    rule: str = ""
    broken: str = ""


def spare_the_collector() -> None:
    """Make the garbage collector run seldom and skip everything imported.

    A process that runs many seeds creates millions of small objects, nearly all of which are freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_A_COLLECTION, 20, 20)


def run_seed(seed: int, commands: int = COMMANDS, *, verbose: bool = False) -> Outcome:
    """Run a seed from an empty system until it has healed.

    Args:
        commands: How many commands begin before the faults stop.
        verbose: Whether every effect is printed.
    """
    world = World(seed, commands, verbose=verbose)
    rule = broken = ""
    try:
        while not world.is_over:
            world.step()
        world.settle()
        heal(world)
    except Violation as violation:
        rule, broken = violation.rule, str(violation)
        world.trace("VIOLATION", broken)
        world.tasks.abandon()
    counts = {
        "commands": world.callers.commands,
        "requests": world.callers.sent,
        "reads": world.readers.reads,
        "awaited_lists": world.readers.awaited_lists,
        "searches": world.searchers.searches,
        "awaited_searches": world.searchers.awaited,
        "calls": world.client.calls,
        "invocations": world.mapping.invocations,
        "events": sum(person.version for person in world.oracle.people.values()),
        "statistics": world.statisticians.requests,
        "awaited_statistics": world.statisticians.awaited,
        "switches": world.operators.switches,
        "switches_of_counts": sum(each.switches for each in world.every_operator[1:]),
        "rows": world.invariants.rows_written,
        "counted_rows": world.invariants.counting.rows_written,
    }
    return Outcome(seed, world.digest, counts, dict(world.faults.count), rule, broken)


def replay(seed: int, commands: int = COMMANDS) -> str:
    """The command that runs a seed again and prints every effect."""
    fewer = f" --commands {commands}" if commands != COMMANDS else ""
    return f".local/venvs/dev/bin/python -m tests.simulation --seed {seed}{fewer} --trace"


@dataclass(slots=True)
class Figures:
    """The sum of many seeds.

    Attributes:
        commands: Commands per seed.
    """

    commands: int = COMMANDS
    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Add a seed's outcome."""
        self.seeds += 1
        self.counts.update(outcome.counts)
        self.faults.update(outcome.faults)
        self.digests[outcome.seed] = outcome.digest
        if outcome.broken:
            self.broken.append(f"{outcome.broken}\n  {replay(outcome.seed, self.commands)}")

    def as_dict(self) -> dict[str, object]:
        """Everything, ready for JSON."""
        return {
            "seeds": self.seeds,
            **self.counts,
            "faults": sum(self.faults.values()),
            "faults_by_kind": dict(self.faults.most_common()),
            "broken": self.broken,
            "digests": self.digests,
        }
