"""Runs every test: the simulation beside all other tiers, on what they leave of the processors.

The other tiers wait most of the time, for functions to start and for projections. The simulation has a process of its
own, because its world replaces parts of the modules that other tests run.

    python -m tests.run
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Final

from local.environments import ROOT

LOG: Final = ROOT / ".local" / "simulation.log"
SIMULATION: Final = ("nice", "-n", "10", sys.executable, "-m", "pytest", "tests/simulation")
OTHERS: Final = (sys.executable, "-m", "pytest", "tests", "--ignore=tests/simulation", "--numprocesses=2")


def main() -> int:
    """Run both parts, and print what the simulation reported once the others are done. Returns 1 if a test failed."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        # A group of its own, so that one signal ends its processes, too. In a session of its own, Linux would share the
        # processors equally between the sessions, whatever the priority (sched(7), "The autogroup feature").
        simulation = subprocess.Popen(SIMULATION, cwd=ROOT, stdout=log, stderr=log, process_group=0)
        try:
            others = subprocess.run(OTHERS, cwd=ROOT, check=False).returncode
            simulated = simulation.wait()
        finally:
            if simulation.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(simulation.pid, signal.SIGKILL)
                simulation.wait()
            print(f"\nThe simulation:\n{LOG.read_text()}")
    return 1 if others or simulated else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
