"""Background processes that are recognised by their command line.

There are no pid files: a pid file survives its process, and its pid may later belong to another program. Instead, each
process has a marker with its role and its stack's folder in its arguments (`python -X` accepts any word). To find a
process, we search the system's process table for the marker.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.errors import StackError

POLL: Final = 0.05  # seconds between two checks of a process
_PROC: Final = Path("/proc")
# Kept so that this process can reap its own children.
_children: Final[dict[int, subprocess.Popen[bytes]]] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """A process on this machine, identified by its pid and its start time together, because pids are reused.

    Attributes:
        started: Start time, in the system's own notation.
        command: The arguments joined by spaces, with a space before the first and after the last.
    """

    pid: int
    started: str
    command: str

    def option(self, name: str) -> str | None:
        """The value of `-X name=value` on the command line. The value must not contain spaces."""
        _, found, rest = self.command.partition(f" -X {name}=")
        return rest.split(" ", 1)[0] if found else None


@dataclass(frozen=True, slots=True)
class BackgroundProcess:
    """One role of background process in one stack.

    Attributes:
        role: One word, such as "emulator".
        folder: The stack's folder.
    """

    role: str
    folder: Path

    @property
    def marker(self) -> str:
        """The arguments that identify the process. The slash marks the end of the folder's name."""
        return f"-X customers-api.{self.role}={self.folder}/"

    def find(self) -> Process | None:
        """The running process, if there is one."""
        return next(with_arguments(self.marker), None)

    def start(
        self, python: Path, arguments: Sequence[str], env: Mapping[str, str], log: Path, *, version: str
    ) -> Process:
        """Start the process in its own session, so that Ctrl-C in the terminal does not reach it.

        Args:
            arguments: The arguments after the marker.
            env: The whole environment.
            log: The file for the output. An existing file is renamed to `.previous`.
            version: A word without spaces. A running process with another version is out of date.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous"))
        markers = (*self.marker.split(" ", 1), "-X", f"customers-api.version={version}")
        with log.open("wb") as output:
            child = subprocess.Popen(
                [str(python), *markers, *arguments],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children[child.pid] = child
        # The process table shows the new arguments a moment after the start.
        while (process := find_by_pid(child.pid)) and self.marker not in process.command:
            time.sleep(POLL / 10)
        return process or Process(child.pid, "", "")


def version_of(process: Process) -> str | None:
    """The version that a background process was started with."""
    return process.option("customers-api.version")


def with_arguments(arguments: str) -> Iterator[Process]:
    """Every process with these arguments on its command line. Only whole arguments match."""
    return (process for process in running_processes() if f" {arguments} " in process.command)


def running_processes() -> Iterator[Process]:
    """Every running process whose command line we may read."""
    if sys.platform == "linux":
        found = (find_by_pid(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit())
        return (process for process in found if process)
    return _from_ps("-ax")


def find_by_pid(pid: int) -> Process | None:
    """The running process with a pid, if there is one."""
    if child := _children.get(pid):
        child.poll()
    if sys.platform == "linux":
        return _from_proc(pid)
    return next(_from_ps("-p", str(pid)), None)


def is_alive(process: Process) -> bool:
    """Whether this process is still running. A later process with the same pid does not count."""
    found = find_by_pid(process.pid)
    return found is not None and found.started == process.started


def stop(*processes: Process, timeout: float) -> None:
    """Stop processes in parallel: SIGTERM first, then SIGKILL for those that still run after `timeout` seconds.

    A later process that has taken over a pid is not touched.

    Raises:
        StackError: A process survived SIGKILL.
    """
    remaining = list(processes)
    for number, wait in ((signal.SIGTERM, timeout), (signal.SIGKILL, 5.0)):
        for process in remaining:
            _send(process, number)
        remaining = _survivors(wait, remaining)
    if remaining:
        raise StackError(f"Process {remaining[0].pid} survived SIGKILL. End it by hand, then try again.")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file; empty if there is no file."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _send(process: Process, number: int) -> None:
    if is_alive(process):
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _survivors(seconds: float, processes: Sequence[Process]) -> list[Process]:
    """Wait up to `seconds` and return the processes that are still running."""
    deadline = time.monotonic() + seconds
    while remaining := [process for process in processes if is_alive(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(POLL)
    return remaining


def _from_proc(pid: int) -> Process | None:
    try:
        status = (_PROC / str(pid) / "stat").read_text(errors="replace")
        arguments = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may contain any character.
    fields = status.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    if state in "ZX":
        return None
    return Process(pid, started, f" {arguments.decode(errors='replace').replace(chr(0), ' ').strip()} ")


def _from_ps(*selection: str) -> Iterator[Process]:
    answer = subprocess.run(
        ["ps", "-ww", *selection, "-o", "pid=,stat=,lstart=,command="], capture_output=True, text=True, check=False
    )
    for line in answer.stdout.splitlines():
        # lstart is five words, such as: Sun Nov 22 20:46:59 2026
        pid, state, *started, command = f"{line} ".split(maxsplit=7)
        if not state.startswith("Z"):
            yield Process(int(pid), " ".join(started), f" {command.strip()} ")
