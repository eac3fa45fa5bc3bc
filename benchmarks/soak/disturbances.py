"""What disturbs a soak: the mapping service is killed and started again, and a rebuild always runs."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from benchmarks.soak.memory import rss_megabytes
from local import event_source_mapping_process
from local.environments import ROOT
from local.home import StackHome
from local.processes import is_alive

_POLL_SECONDS: Final = 0.05
_REMOVE_EVERY_SECONDS: Final = 20.0
# The command refuses for a minute after the last change of the generations.
_REMOVED_WITHIN_SECONDS: Final = 90.0


@dataclass(slots=True)
class Kills:
    """Kills the mapping service at intervals.

    Attributes:
        rss: The memory of each process just before its end, in MB.
    """

    home: StackHome
    rss: list[float] = field(default_factory=list)

    def run(self, stop: Event, every: float) -> None:
        """Kill until `stop` is set; the service always runs afterwards.

        Args:
            every: Seconds between two kills.
        """
        while not stop.wait(every):
            self._kill()
            event_source_mapping_process.ensure(self.home)

    def _kill(self) -> None:
        process = event_source_mapping_process.service(self.home).find()
        if process is None:
            raise RuntimeError("the mapping service has ended by itself")
        self.rss.append(rss_megabytes(process.pid) or 0.0)
        os.kill(process.pid, signal.SIGKILL)
        while is_alive(process):
            time.sleep(_POLL_SECONDS)


@dataclass(slots=True)
class Rebuilds:
    """Rebuilds the projection again and again with the operators' commands, one rebuild at a time.

    Attributes:
        switched: The number of rebuilds after which queries read the new generation.
        continued: How often a rebuild was interrupted, or found differences while events were on their way, and was
            continued.
        output: The output of the commands that failed.
    """

    home: StackHome
    rate: float
    switched: int = 0
    continued: int = 0
    output: list[str] = field(default_factory=list)

    def run(self, stop: Event) -> None:
        """Rebuild until `stop` is set. A rebuild in progress is ended."""
        while not stop.is_set():
            if not self._customers("rebuild", "all", "--rate", str(self.rate), "--workers", "2", stop=stop):
                self.continued += not stop.is_set()
                stop.wait(1)
                continue
            self.switched += 1
            self._customers("rebuild", "retire")

    def remove(self, stop: Event) -> None:
        """Delete the rows of retired generations until `stop` is set, beside the rebuilds. Within a minute after a
        switch the command refuses.
        """
        while not stop.wait(_REMOVE_EVERY_SECONDS):
            self._run("rebuild", "remove", stop=stop)

    def finish(self) -> None:
        """End what a rebuild left, and delete the rows of retired generations once that is allowed."""
        self._run("rebuild", "abandon")
        deadline = time.monotonic() + _REMOVED_WITHIN_SECONDS
        while not self._run("rebuild", "remove")[0] and time.monotonic() < deadline:
            time.sleep(1)

    def _customers(self, *words: str, stop: Event | None = None) -> bool:
        succeeded, output = self._run(*words, stop=stop)
        if not succeeded and not (stop and stop.is_set()):
            self.output.append(f"{' '.join(words)}: {output[-500:]}")
        return succeeded

    def _run(self, *words: str, stop: Event | None = None) -> tuple[bool, str]:
        command = [sys.executable, "-m", "operations", *words, "--json", "--home", str(self.home.folder)]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            while process.poll() is None and not (stop and stop.is_set()):
                time.sleep(_POLL_SECONDS)
            if process.poll() is None:
                process.terminate()
            output, _ = process.communicate()
        return process.returncode == 0, output
