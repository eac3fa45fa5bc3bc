"""One shell into which blocks of the documentation are pasted, as a reader pastes them."""

import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from uuid import uuid4

from local.environments import ROOT

# Seconds. Enough for the slowest block on a busy machine; a block that waits for ever must not hold up everything.
ENDS_WITHIN: Final = 300.0
FAILED: Final = "FAILED COMMAND"


class Shell:
    """A bash that runs until the end of the `with` block, so that later blocks see the variables of earlier ones."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Start the shell.

        Args:
            variables: Environment variables to add to the test's own.
        """
        bash = shutil.which("bash")
        assert bash, "The documentation's blocks are pasted into bash, which is missing here."
        self._process = subprocess.Popen(
            [bash, "--norc"],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        # Each command that fails says so; a pipeline fails as its last command does.
        self.run(f"trap 'echo \"{FAILED} ($?): $BASH_COMMAND\"' ERR; set -E")

    def run(self, block: str) -> str:
        """Paste a block. Returns what it printed on both of its outputs.

        Raises:
            TimeoutError: The block did not end in time.
        """
        mark = f"end of {uuid4()}"
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(f"{block}\necho; echo '{mark}'\n".encode())
        stdin.flush()
        printed, deadline = b"", time.monotonic() + ENDS_WITHIN
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while mark.encode() + b"\n" not in printed:
                if not selector.select(timeout=deadline - time.monotonic()):
                    raise TimeoutError(f"This block did not end:\n{block}\nIt printed:\n{printed.decode()}")
                read = os.read(stdout.fileno(), 65536)
                assert read, f"The shell ended in this block:\n{block}\nIt printed:\n{printed.decode()}"
                printed += read
        return printed.decode().partition(f"\n{mark}")[0].replace("\r\n", "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            self._process.kill()
