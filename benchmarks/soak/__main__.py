"""The command line of the soak."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, Final

from benchmarks.soak.audit import Audit
from benchmarks.soak.clients import Client
from benchmarks.soak.disturbances import Kills, Rebuilds
from benchmarks.soak.journal import Journal
from benchmarks.soak.memory import EMULATOR, MAPPING, MOST_GROWTH_MEGABYTES, Memory
from local import functions, stack
from local.environments import ROOT
from local.errors import StackError
from local.home import StackHome, free_port
from local.outputs import Outputs
from local.tokens import access_token

HOME: Final = Path(".local/soak")
_DRAINED_WITHIN_SECONDS: Final = 300.0


def soak(home: StackHome, outputs: Outputs, options: argparse.Namespace) -> dict[str, Any]:
    """Run the clients and everything that disturbs them, then compare.

    Returns:
        The figures to print; `passed` says whether nothing was lost, twice or wrong, and all memory is flat.
    """
    journal, kills, rebuilds = Journal(), Kills(home), Rebuilds(home, options.rate)
    memory = Memory(home, functions.names(outputs))
    seconds, token, stop = 60 * options.minutes, access_token(outputs), Event()
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(options.clients + 3) as threads:
        around = [
            threads.submit(kills.run, stop, options.kill_every),
            threads.submit(rebuilds.run, stop),
            threads.submit(memory.run, stop),
        ]
        clients = [Client(number, outputs["ApiEndpoint"], token, journal) for number in range(options.clients)]
        running = [threads.submit(client.run, until, options.pause) for client in clients]
        for each in running:
            each.result()
        stop.set()
        for each in around:
            each.result()
    audit = Audit(outputs, str(home.folder))
    drained = audit.wait_until_drained(journal, _DRAINED_WITHIN_SECONDS)
    findings = audit.compare(journal)
    verified = _verify(home)
    growths = [growth for growth in memory.growths(seconds / 2) if growth.name != EMULATOR]
    mapping_growth = _growth(kills.rss)
    flat = all(growth.is_flat for growth in growths) and mapping_growth <= MOST_GROWTH_MEGABYTES
    return {
        "passed": not (findings.lost or findings.twice or journal.violations) and not verified and flat,
        "minutes": options.minutes,
        "clients": options.clients,
        "customers": len(journal.customers),
        "acknowledged_writes": sum(known.version for known in journal.customers.values()),
        "answers": dict(sorted(journal.answers.items())),
        "repeats": journal.repeats,
        "violations": journal.violations[:20],
        "kills": len(kills.rss),
        "rebuilds": {"switched": rebuilds.switched, "continued": rebuilds.continued, "failed": rebuilds.output[-5:]},
        "drained_after_seconds": round(drained, 1),
        **findings.shown(),
        "verify": verified or "no difference",
        "memory_mb": {
            MAPPING: {"before each kill": [round(each, 1) for each in kills.rss], "growth": round(mapping_growth, 2)},
            "functions": [
                {
                    "function": growth.name,
                    "first_third": round(growth.first, 1),
                    "last_third": round(growth.last, 1),
                    "growth": round(growth.growth, 2),
                    "slope_per_hour": round(growth.slope, 2),
                }
                for growth in growths
            ],
        },
    }


def _verify(home: StackHome) -> str:
    """The differences that `verify` finds in the active generation; empty if there are none."""
    command = [sys.executable, "-m", "operations", "verify", "--json", "--home", str(home.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-1000:]


def _growth(values: Sequence[float]) -> float:
    """By how much the second half of some values is above the first one, by their medians."""
    half = len(values) // 2
    return statistics.median(values[half:]) - statistics.median(values[:half]) if half else 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak on a stack of its own and print the figures as JSON.

    Returns:
        The exit status: 1 if anything was lost, twice, wrong or not flat.
    """
    parser = argparse.ArgumentParser("python -m benchmarks.soak", description="Write and read while parts fail.")
    parser.add_argument("--minutes", type=float, default=15, help="how long the clients run (default: 15)")
    parser.add_argument("--clients", type=int, default=8, help="concurrent clients (default: 8)")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between a client's requests (default: 0.5)")
    parser.add_argument("--kill-every", type=float, default=60, help="seconds between two kills (default: 60)")
    parser.add_argument("--rate", type=float, default=20, help="write units a second of the rebuild (default: 20)")
    parser.add_argument("--home", type=Path, default=HOME, help="folder of the stack (default: .local/soak)")
    parser.add_argument("--port", type=int, default=0, help="port of the local AWS (default: a free one)")
    options = parser.parse_args(arguments)
    home = StackHome.at(options.home, options.port or free_port())
    try:
        figures = soak(home, stack.ensure_up(home), options)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stack.down(home)
    print(json.dumps(figures, indent=2))
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
