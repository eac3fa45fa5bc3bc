"""Deliberate defects of our own code, each of which the simulation must detect.

python -m tests.simulation.mutants --count 200
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.run import COMMANDS, run_seed, spare_the_collector
from tests.simulation.sample import SAMPLE
from tests.simulation.verdicts import Verdict, table

MOST_SEEDS: Final = 200
# The seeds for an equivalent mutant, so that it does not stay excused once it can be detected.
EQUIVALENT_SEEDS: Final = 15


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


def hunt(mutation: Mutation, most: int, commands: int) -> Verdict:
    """Run seeds until one detects the defect.

    Args:
        most: The most seeds to run; fewer for an equivalent mutant.
        commands: Commands per seed.
    """
    seeds = min(most, EQUIVALENT_SEEDS) if mutation.equivalent else most
    for seed in range(0, seeds, mutation.every):
        with applied(mutation):
            try:
                outcome = run_seed(seed, commands)
            except Exception as error:  # noqa: BLE001 - a defect may break the simulated world itself
                return Verdict(mutation.name, "ERROR", seed + 1, repr(error), mutation.equivalent)
        if outcome.broken:
            return Verdict(mutation.name, outcome.rule, seed + 1, outcome.broken, mutation.equivalent)
    return Verdict(mutation.name, "", seeds, "", mutation.equivalent)


def main() -> int:
    """Test the named mutants. Returns 1 if one survives without an excuse, or does not survive with one."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--name", action="append", help="only this one (may be repeated)")
    parser.add_argument("--share", default="0/1", help="only every n-th: 0/2 or 1/2")
    parser.add_argument("--count", type=int, default=MOST_SEEDS, help="seeds for each, at most")
    parser.add_argument("--commands", type=int, default=COMMANDS, help="commands a seed")
    parser.add_argument("--sample", action="store_true", help="only those that `make test` runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    spare_the_collector()
    share, shares = map(int, arguments.share.split("/"))
    # The expensive ones first, dealt out evenly.
    mutations = sorted(MUTATIONS, key=lambda mutation: not mutation.equivalent)
    if arguments.sample:
        mutations = [mutation for mutation in mutations if mutation.name in SAMPLE]
    chosen = [each for each in mutations if not arguments.name or each.name in arguments.name][share::shares]
    verdicts = [hunt(each, arguments.count, arguments.commands) for each in chosen]
    print(json.dumps([asdict(each) for each in verdicts]) if arguments.json else table(verdicts))
    return 0 if all(each.is_right for each in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
