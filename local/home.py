"""The folder and the port of a local stack."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.environments import ROOT, STATE
from local.errors import StackError
from local.processes import BackgroundProcess

DEFAULT_PORT: Final = 4566
LOOPBACK: Final = "127.0.0.1"
PORT_OPTION: Final = "customers-api.port"


@dataclass(frozen=True, slots=True)
class StackHome:
    """One local stack. Stacks with different folders and ports can run side by side.

    Attributes:
        folder: Absolute path. The stack writes nothing outside it.
        port: Port of the local AWS on 127.0.0.1.
        stack_name: Name of the CloudFormation stack.
    """

    folder: Path
    port: int
    stack_name: str = "CustomersApiLocal"

    @classmethod
    def at(cls, folder: Path = STATE, port: int | None = None) -> "StackHome":
        """The stack in a folder, on the given port, the one that it runs on, or the default.

        Args:
            folder: A relative path is resolved against the project's root.
            port: TCP port of the local AWS.

        Raises:
            StackError: The folder is a file.
        """
        absolute = (ROOT / folder).resolve()
        if absolute.exists() and not absolute.is_dir():
            raise StackError(f"STACK_HOME={folder} is a file. Name a folder; it is created if it does not exist.")
        return cls(absolute, port or running_port(absolute) or DEFAULT_PORT)

    @classmethod
    def for_tests(cls, process: str = "") -> "StackHome":
        """A stack for tests, apart from the developer's own, on the port that it already uses or on a free one.

        Args:
            process: Name of the test process. Parallel processes each get their own stack.
        """
        folder = STATE / (f"test-{process}" if process else "test")
        return cls(folder, running_port(folder) or free_port())

    @property
    def endpoint(self) -> str:
        """Address of the local AWS, as in AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def outputs_file(self) -> Path:
        """The stack's outputs, with addresses that work from this machine."""
        return self.folder / "outputs.json"

    @property
    def temporary(self) -> Path:
        """The TMPDIR of the local AWS, where function workers unpack their code."""
        return self.folder / "tmp"

    @property
    def build(self) -> Path:
        """The output of `sam build`."""
        return self.folder / "build"

    @property
    def mappings(self) -> Path:
        """Checkpoints and status of the event source mapping process."""
        return self.folder / "mapping"

    def log(self, role: str) -> Path:
        """The log file of one background process."""
        return self.folder / "logs" / f"{role}.log"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Lock the stack against another `up` or `down`. The system frees the lock however this process ends.

        Raises:
            StackError: Another command holds the lock, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            make_private(self.folder)
            file = (self.folder / "up.lock").open("w")
        except OSError as error:
            raise StackError(
                f"The stack's folder {self.folder} cannot be written ({error.strerror}). Name another one with "
                "STACK_HOME=/path/to/folder."
            ) from error
        with file as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StackError(
                    "Another make up or make down is running on this stack. Wait until it has ended, then try again."
                ) from None
            yield


def make_private(folder: Path) -> None:
    """Let nobody but the owner into a stack's folder or read the outputs and passwords in it.

    A folder that an earlier version of this project created may be open to every user of the machine.
    """
    folder.chmod(0o700)
    for file in folder.glob("*.json"):
        file.chmod(0o600)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, also while it is being written."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as output:  # noqa: PTH123
        os.fchmod(output.fileno(), 0o600)
        output.write(text)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_busy(port: int) -> bool:
    """Whether another program listens on a port of 127.0.0.1, or the system does not let us bind it."""
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


def emulator_service(folder: Path) -> BackgroundProcess:
    """The local AWS of the stack in a folder, as a background process."""
    return BackgroundProcess("emulator", folder)


def running_port(folder: Path) -> int | None:
    """The port that the local AWS of a stack runs on; None if it does not run.

    It is read from the process, never from a file: a file survives the process, and a copied folder has one, too.
    """
    found = emulator_service(folder).find()
    port = found.option(PORT_OPTION) if found else None
    return int(port) if port and port.isdecimal() else None
