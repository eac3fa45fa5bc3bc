"""A release's sources, and a process that runs them."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.environments import ROOT

RECORD: Final = ROOT / "tests" / "golden" / "previous-release.json"
_DRIVER: Final = Path(__file__).with_name("driver.py")


def has_released() -> bool:
    """Whether this project has had a release. A new copy has not."""
    recorded = json.loads(RECORD.read_text())
    return bool(recorded["tag"] or recorded["commit"])


class NoSuchRelease(AssertionError):
    """The previous release's sources cannot be read. The message is one sentence that says how to get them."""


class ReleaseFailed(AssertionError):
    """A release raised an error where it must answer."""


def previous_release(folder: Path) -> Path:
    """Unpack the sources of the previous release into a folder, and return it.

    The tag counts if it exists here, otherwise the commit: a clone may have been made without tags.

    Raises:
        NoSuchRelease: Neither is in this clone.
    """
    recorded = json.loads(RECORD.read_text())
    for name in filter(None, (recorded["tag"], recorded["commit"])):
        done = subprocess.run(("git", "archive", name), cwd=ROOT, capture_output=True, check=False)
        if done.returncode == 0:
            with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
                archive.extractall(folder, filter="data")
            return folder
    raise NoSuchRelease(
        f"The previous release, commit {recorded['commit']} in {RECORD.relative_to(ROOT)}, is not in this clone: "
        "fetch the whole history with 'git fetch --unshallow --tags', or record the commit of a release that is here."
    )


@dataclass(slots=True)
class Release:
    """A running process with one release's code.

    Attributes:
        name: For messages.
    """

    name: str
    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls, name: str, root: Path, environment: Mapping[str, str]) -> "Release":
        """Start the process.

        Args:
            root: The release's sources.
            environment: What the functions find in their environment.
        """
        process = subprocess.Popen(
            [sys.executable, "-P", str(_DRIVER)],
            cwd=root,
            env={"PATH": os.defpath, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return cls(name, process)

    def stop(self) -> None:
        """End the process."""
        self.process.communicate()

    def invoke(self, handler: str, event: Any) -> Any:
        """Invoke a function by the name of its handler's module."""
        return self._call("invoke", handler=handler, event=event)

    def publish(self, items: list[Any]) -> Any:
        """Publish rows of the event table."""
        return self._call("publish", items=items)

    def _call(self, call: str, **arguments: Any) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps([call, arguments]), file=self.process.stdin, flush=True)
        result = json.loads(self.process.stdout.readline())
        if "error" in result:
            raise ReleaseFailed(f"{self.name}: {arguments.get('handler', call)} raised {result['error']}")
        return result["answer"]
