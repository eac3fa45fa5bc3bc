"""Deliberate defects of our own code, each of which the simulation must notice.

python -m tests.simulation.mutants --count 200
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.run import run_seed, spare_the_collector

MOST_SEEDS: Final = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        name: The mutant's.
        rule: The invariant that noticed it; empty if none did.
        seeds: After how many seeds.
        how: What the invariant said.
    """

    name: str
    rule: str
    seeds: int
    how: str


@contextmanager
def applied(mutation: Mutation) -> Iterator[None]:
    """Our code with a defect."""
    before = [(each.owner, each.name, vars(each.owner)[each.name]) for each in mutation.changes]
    for each in mutation.changes:
        setattr(each.owner, each.name, each.value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def hunt(mutation: Mutation, seeds: int, commands: int) -> Verdict:
    """Run seeds until one notices the defect.

    Args:
        mutation: The defect.
        seeds: At most so many.
        commands: For each seed.
    """
    for seed in range(seeds):
        with applied(mutation):
            try:
                outcome = run_seed(seed, commands)
            except Exception as error:  # noqa: BLE001 - a defect may break the simulated world itself
                return Verdict(mutation.name, "ERROR", seed + 1, repr(error)[:100])
        if outcome.broken:
            return Verdict(mutation.name, outcome.rule, seed + 1, outcome.broken[:160])
    return Verdict(mutation.name, "", seeds, mutation.equivalent)


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts in columns."""
    rows = [f"{'mutant':<44} {'noticed by':<10} {'seeds':>5}  how"]
    rows += [f"{each.name:<44} {each.rule or '-':<10} {each.seeds:>5}  {each.how}" for each in verdicts]
    return "\n".join(rows)


def main() -> int:
    """Hunt the mutants that the arguments name; 1 if one without an excuse survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--name", action="append", help="only this one (may be repeated)")
    parser.add_argument("--share", default="0/1", help="only every n-th: 0/2 or 1/2")
    parser.add_argument("--count", type=int, default=MOST_SEEDS, help="seeds for each, at most")
    parser.add_argument("--commands", type=int, default=300, help="commands a seed")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    spare_the_collector()
    share, shares = map(int, arguments.share.split("/"))
    chosen = [each for each in MUTATIONS if not arguments.name or each.name in arguments.name][share::shares]
    verdicts = [hunt(each, 15 if each.equivalent else arguments.count, arguments.commands) for each in chosen]
    shown: Any = [[each.name, each.rule, each.seeds, each.how] for each in verdicts]
    print(json.dumps(shown) if arguments.json else table(verdicts))
    return 1 if any(not each.rule and not each.how for each in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
