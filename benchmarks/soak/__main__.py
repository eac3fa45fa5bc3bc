"""The command line of the soak."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, Final

from benchmarks.soak.audit import Audit
from benchmarks.soak.clients import Client
from benchmarks.soak.disturbances import Kills, Rebuilds
from benchmarks.soak.journal import Journal
from benchmarks.soak.memory import MAPPING, Memory, lives
from local import functions, stack
from local.environments import ROOT
from local.errors import StackError
from local.home import StackHome, free_port
from local.outputs import Outputs
from local.tokens import access_token

HOME: Final = Path(".local/soak")
_DRAINED_WITHIN_SECONDS: Final = 300.0
_EQUAL: Final = "no difference"


def soak(home: StackHome, outputs: Outputs, options: argparse.Namespace) -> dict[str, Any]:
    """Run the clients and everything that disturbs them, then compare.

    Returns:
        The figures to print; `passed` says whether nothing was lost, twice or wrong, and all memory is flat.
    """
    journal, kills, rebuilds = Journal(), Kills(home), Rebuilds(home, options.rate)
    memory = Memory(home, functions.names(outputs))
    seconds, token, stop = 60 * options.minutes, access_token(outputs), Event()
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(options.clients + 4) as threads:
        around = [
            threads.submit(kills.run, stop, options.kill_every),
            threads.submit(rebuilds.run, stop),
            threads.submit(rebuilds.remove, stop),
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
    rebuilds.finish()
    figures = {
        "minutes": options.minutes,
        "clients": options.clients,
        **journal.figures(),
        "kills": len(kills.rss),
        "rebuilds": {"switched": rebuilds.switched, "continued": rebuilds.continued, "failed": rebuilds.output[-5:]},
        "drained_after_seconds": round(drained, 1),
        **audit.compare(journal).figures(),
        "verify": _verify(home),
        "memory_mb": {MAPPING: lives(kills.rss), **memory.figures(seconds / 2)},
    }
    return {"passed": _passed(figures), **figures}


def _passed(figures: Mapping[str, Any]) -> bool:
    flat = all(memory["flat"] for memory in figures["memory_mb"].values())
    wrong = figures["lost"] or figures["twice"] or figures["violations"]
    return flat and not wrong and figures["verify"] == _EQUAL


def _verify(home: StackHome) -> str:
    """What `verify` finds in the active generation."""
    command = [sys.executable, "-m", "operations", "verify", "--json", "--home", str(home.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return _EQUAL if done.returncode == 0 else (done.stdout + done.stderr)[-1000:]


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
    parser.add_argument("--rate", type=float, default=10, help="write units a second of the rebuild (default: 10)")
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
