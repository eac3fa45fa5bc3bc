"""Where a local stack keeps its files, and on which port it listens."""

import fcntl
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.environments import ROOT, STATE
from local.errors import StackError

DEFAULT_PORT = 4566
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class StackHome:
    """One local stack: a folder, a port and a name; two with other folders and ports run side by side.

    Attributes:
        folder: Everything that the stack writes is below it; absolute.
        port: Port of the local AWS on 127.0.0.1.
        stack_name: Name of the CloudFormation stack.
    """

    folder: Path
    port: int
    stack_name: str = "CustomersApiLocal"

    @classmethod
    def at(cls, folder: Path = STATE, port: int | None = None) -> "StackHome":
        """The stack in a folder, on the port that it was last seen on unless another is given.

        Args:
            folder: Relative ones are below the project's root.
            port: TCP port of the local AWS.
        """
        absolute = (ROOT / folder).resolve()
        return cls(absolute, port or _recorded_port(absolute / "outputs.json") or DEFAULT_PORT)

    @classmethod
    def for_tests(cls, process: str = "") -> "StackHome":
        """A stack beside the developer's own, on the port it already runs on or else on a free one.

        Args:
            process: Names one of several processes that share the tests: each has a stack to itself.
        """
        folder = STATE / (f"test-{process}" if process else "test")
        return cls(folder, _recorded_port(folder / "outputs.json") or free_port())

    @property
    def endpoint(self) -> str:
        """Address of the local AWS, as AWS_ENDPOINT_URL wants it."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def outputs_file(self) -> Path:
        """The stack's outputs, in a form that works from this machine."""
        return self.folder / "outputs.json"

    @property
    def temporary(self) -> Path:
        """The local AWS's TMPDIR: function workers unpack themselves there."""
        return self.folder / "tmp"

    @property
    def build(self) -> Path:
        """What `sam build` made."""
        return self.folder / "build"

    @property
    def mappings(self) -> Path:
        """Checkpoints and status of the event source mapping service."""
        return self.folder / "mapping"

    def log(self, role: str) -> Path:
        """The log file of one background process."""
        return self.folder / "logs" / f"{role}.log"

    @contextmanager
    def only_one_at_a_time(self) -> Iterator[None]:
        """Hold the stack against another `up` or `down`; the system lets go when this process ends, however it ends.

        Raises:
            StackError: Another one holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "up.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StackError(
                    "Another make up or make down is at work on this stack: wait until it has ended, then try again."
                ) from None
            yield


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_busy(port: int) -> bool:
    """Whether another program listens on a port of 127.0.0.1, or the system refuses it to us."""
    with socket.socket() as caller:
        caller.settimeout(1)
        if caller.connect_ex((LOOPBACK, port)) == 0:
            return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def _recorded_port(outputs_file: Path) -> int | None:
    try:
        return urlsplit(str(json.loads(outputs_file.read_text())["EndpointUrl"])).port
    except (OSError, ValueError, LookupError, TypeError):
        return None
