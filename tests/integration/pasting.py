"""Pastes what a page says into a shell, as an operator does, with the stage and the stack of the test.

`aws` is `tests.aws_cli`, because the project does not install the AWS CLI.
"""

import io
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import operations.__main__ as operations
from local.aws import child_environment
from local.environments import ROOT
from local.home import StackHome
from tests import aws_cli
from tests.runbooks import blocks

# A program on the shell's path: it asks this process, which has everything imported, to do the work.
_RELAY: Final = """#!{python} -IS
import json, os, socket, sys
words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
if words[0] == "make" and "customers" not in words:
    os.execv({make!r}, words)
with socket.create_connection(("127.0.0.1", {port})) as calling:
    calling.sendall(json.dumps(words).encode())
    calling.shutdown(socket.SHUT_WR)
    answer = json.loads(b"".join(iter(lambda: calling.recv(65536), b"")))
sys.stdout.write(answer["out"])
sys.stderr.write(answer["err"])
sys.exit(answer["status"])
"""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a block printed, and its exit status."""

    status: int
    printed: str


class OperatorShell:
    """A shell at the root of the checkout.

    Args:
        home: The local stack's folder.
        outputs: The outputs of that stack.
        folder: An empty folder for programs.
    """

    def __init__(self, home: StackHome, outputs: Mapping[str, str], folder: Path) -> None:
        self._home = home
        self._stack = outputs["StackName"]
        self._calls = socket.create_server(("127.0.0.1", 0))
        self._calls.settimeout(0.02)
        relay = _RELAY.format(python=sys.executable, make=shutil.which("make"), port=self._calls.getsockname()[1])
        for name in ("aws", "make"):
            (folder / name).write_text(relay)
            (folder / name).chmod(0o755)
        environment = child_environment(outputs["EndpointUrl"])
        self._environment = environment | {
            "PATH": f"{folder}:{environment['PATH']}",
            "STACK_HOME": str(home.folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX", ""),
        }

    def close(self) -> None:
        """Stop answering the shell's programs."""
        self._calls.close()

    def paste(self, page: str, part: str, number: int = 0, values: Mapping[str, str] | None = None) -> Pasted:
        """Paste one block of a part of a runbook.

        Args:
            number: The block's number within the part, from 0.
            values: Replace the page's sample values.
        """
        return self.run(blocks(page, part)[number], values)

    def run(self, block: str, values: Mapping[str, str] | None = None) -> Pasted:
        """Run a block as it is, but on the stack of the test."""
        text = block.replace(' --stack-name CustomersApiProduction"', '"')
        text = text.replace("CustomersApiProduction", self._stack).replace("production-", "local-")
        for sample, value in (values or {}).items():
            assert sample in text, sample
            text = text.replace(sample, value)
        assert "production" not in text.lower(), text
        with subprocess.Popen(
            ["bash", "-c", text],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            while running.poll() is None:
                self._answer()
            assert running.stdout
            return Pasted(running.returncode, running.stdout.read())

    def _answer(self) -> None:
        """Do what a program of the shell was asked to do."""
        try:
            calling, _ = self._calls.accept()
        except TimeoutError:
            return
        with calling:
            words = json.loads(b"".join(iter(lambda: calling.recv(65536), b"")))
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err), chdir(ROOT), patch.dict(os.environ, self._environment):
                status = self._carry_out(*words)
            calling.sendall(json.dumps({"out": out.getvalue(), "err": err.getvalue(), "status": status}).encode())

    def _carry_out(self, program: str, *words: str) -> int:
        if program == "aws":
            return aws_cli.main(words)
        [arguments] = [word.removeprefix("ARGS=") for word in words if word.startswith("ARGS=")]
        return operations.main([*shlex.split(arguments), "--home", str(self._home.folder)])

    def status(self) -> list[str]:
        """What `status` says is wrong. Its exit status must agree."""
        done = self.run("make -s customers ARGS='status --json'")
        rows = [json.loads(line) for line in done.printed.splitlines() if line.startswith("{")]
        wrong = [str(row["wrong"]) for row in rows if "wrong" in row]
        assert rows[-1] == {"ok": not wrong, "problems": len(wrong)}, done.printed
        assert (done.status != 0) == bool(wrong)
        return wrong

    def reading(self, name: str) -> dict[str, Any]:
        """The row of `status` about a mapping."""
        done = self.run("make -s customers ARGS='status --json'")
        rows = [json.loads(line) for line in done.printed.splitlines() if line.startswith("{")]
        found: list[dict[str, Any]] = [row for row in rows if row.get("mapping") == name]
        assert len(found) == 1
        return found[0]
