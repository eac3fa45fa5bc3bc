"""Background processes that are recognised by their own command line.

A pid file can lie: it survives its process, and its pid may belong to a stranger by then. So there is none. Each
process carries a mark with its role and its stack's folder in its arguments (`python -X` takes any word), and
whoever looks for it reads the system's process table.
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

from local.errors import StackError

POLL = 0.05  # seconds between two looks at a process that is to end
_PROC = Path("/proc")
# Kept so that this process can reap those it started itself.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine, identified by its pid and its start together.

    Attributes:
        pid: Process id; the system gives it to another process some time after this one ends.
        started: When it started, in the system's own notation.
        command: Its arguments, joined by blanks, with one before the first and one after the last.
    """

    pid: int
    started: str
    command: str

    def option(self, name: str) -> str | None:
        """The value of a `-X name=value` of its command line, if the value holds no blank."""
        _, found, rest = self.command.partition(f" -X {name}=")
        return rest.split(" ", 1)[0] if found else None


@dataclass(frozen=True, slots=True)
class BackgroundProcess:
    """A kind of background process of one stack.

    Attributes:
        role: A word, such as "emulator".
        folder: The stack's folder.
    """

    role: str
    folder: Path

    @property
    def mark(self) -> str:
        """What tells this service's process from all others; the slash ends the folder's name."""
        return f"-X customers-api.{self.role}={self.folder}/"

    def find(self) -> Process | None:
        """Its running process."""
        return next(with_words(self.mark), None)

    def start(
        self, python: Path, arguments: Sequence[str], env: Mapping[str, str], log: Path, *, version: str
    ) -> Process:
        """Start it in a session of its own, so that a Ctrl-C in the terminal is not for it.

        Args:
            python: The interpreter.
            arguments: What follows the interpreter and the marks.
            env: Its whole environment.
            log: Where its output goes; what was there moves to `.previous`.
            version: A word without blanks that changes when a running process is out of date.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous"))
        marks = (*self.mark.split(" ", 1), "-X", f"customers-api.version={version}")
        with log.open("wb") as output:
            child = subprocess.Popen(
                [str(python), *marks, *arguments],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children[child.pid] = child
        # The system shows the new arguments a moment after the start.
        while (process := look(child.pid)) and self.mark not in process.command:
            time.sleep(POLL / 10)
        return process or Process(child.pid, "", "")


def version_of(process: Process) -> str | None:
    """The version that a service's process was started with."""
    return process.option("customers-api.version")


def with_words(words: str) -> Iterator[Process]:
    """Every process with these words in its command line, whole words only."""
    return (process for process in table() if f" {words} " in process.command)


def table() -> Iterator[Process]:
    """Every process of this machine that has not ended and whose command line may be read."""
    if sys.platform == "linux":
        found = (look(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit())
        return (process for process in found if process)
    return _from_ps("-ax")


def look(pid: int) -> Process | None:
    """The process with a pid, unless it has ended."""
    if child := _children.get(pid):
        child.poll()
    if sys.platform == "linux":
        return _from_proc(pid)
    return next(_from_ps("-p", str(pid)), None)


def is_alive(process: Process) -> bool:
    """Whether this very process, and not a later one with its pid, still runs."""
    found = look(process.pid)
    return found is not None and found.started == process.started


def stop(*processes: Process, patience: float) -> None:
    """End processes, all at once: a request first, force for those that do not follow.

    Args:
        *processes: What to end; a later process with the pid of one is left alone.
        patience: Seconds between the two.

    Raises:
        StackError: One outlived both.
    """
    left = list(processes)
    for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for process in left:
            _send(process, number)
        left = _left_after(wait, left)
    if left:
        raise StackError(f"Process {left[0].pid} does not end, not even by force: end it by hand, then try again.")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, or nothing when there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _send(process: Process, number: int) -> None:
    if is_alive(process):
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _left_after(seconds: float, processes: Sequence[Process]) -> list[Process]:
    """Those that have not ended within some seconds."""
    deadline = time.monotonic() + seconds
    while left := [process for process in processes if is_alive(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(POLL)
    return left


def _from_proc(pid: int) -> Process | None:
    try:
        status = (_PROC / str(pid) / "stat").read_text(errors="replace")
        arguments = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in brackets, and may hold any character.
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
