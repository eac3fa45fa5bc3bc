"""Runs seeds: `python -m tests.simulation --seed 1234 --trace`, or `--from 0 --count 500` with figures as JSON."""

import argparse
import json
import sys
from time import perf_counter, process_time

from tests.simulation.run import COMMANDS, Figures, replay, run_seed, spare_the_collector


def main() -> int:
    """Run the seeds that the arguments select. Returns 1 if an invariant broke."""
    arguments = _arguments()
    spare_the_collector()
    started, figures = perf_counter(), Figures(arguments.commands)
    first = arguments.seed if arguments.seed is not None else arguments.start
    for seed in range(first, first + (1 if arguments.seed is not None else arguments.count)):
        try:
            figures.add(run_seed(seed, arguments.commands, verbose=arguments.trace))
        except Exception:
            print(f"seed {seed} broke the simulation itself:\n  {replay(seed, arguments.commands)}", file=sys.stderr)
            raise
        if figures.broken and arguments.fail_fast:
            break
    print(
        json.dumps(
            figures.as_dict() | {"seconds": round(perf_counter() - started, 1), "cpu_seconds": round(process_time(), 1)}
        )
    )
    return 1 if figures.broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed")
    parser.add_argument("--from", dest="start", type=int, default=0, help="the first of several seeds")
    parser.add_argument("--count", type=int, default=1, help="how many")
    parser.add_argument("--commands", type=int, default=COMMANDS, help="commands a seed")
    parser.add_argument("--trace", action="store_true", help="print every effect")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first broken seed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
