"""The tools that other teams use, and a folder in which the blocks of the guide run as in a shell."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from local.environments import ROOT, bin_of
from local.progress import NoProgress
from local.tools import npm_lock
from local.tools.ajv import node
from local.tools.npm_package import npm
from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE
from tests.unit.docs.pages import Page, fences

GUIDE: Final = Page(ROOT / "docs" / "how-to" / "generate-a-client.md")


@dataclass(frozen=True)
class Desk:
    """A folder with the published documents and the installed tools."""

    folder: Path
    environment: Mapping[str, str]

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.write_text(text)
        return file

    def run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a script in a shell that stops at the first failure."""
        return subprocess.run(["sh", "-ec", script], cwd=self.folder, env={**self.environment, **more},
                              capture_output=True, text=True, check=False)  # fmt: skip

    def succeed(self, script: str, **more: str) -> str:
        """Run a script, which must succeed, and return all that it prints."""
        done = self.run(script, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder with the `node_modules` of tests/clients/package-lock.json."""
    return npm_lock.installed("Clients", Path(__file__).parent, NoProgress())


@pytest.fixture(scope="session")
def programs(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with the pinned Node.js, its npm, and the tools of the Python environment `clients`."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "node").symlink_to(node())
    (folder / "npm").write_text('#!/bin/sh\nexec {} "$@"\n'.format(" ".join(f"'{word}'" for word in npm())))
    (folder / "npm").chmod(0o755)
    return os.pathsep.join(map(str, (folder, bin_of("clients"), os.defpath)))


@pytest.fixture(scope="module")
def desk(tools: Path, programs: str, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A new folder, without access to a stack."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "node_modules").symlink_to(tools / "node_modules")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("*.md"))
    shutil.copy(ROOT / "docs" / "openapi.json", folder)
    shutil.copy(ROOT / ".spectral.yaml", folder)
    (folder / "package.json").write_text("{}")
    environment = {
        "PATH": programs,
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        # Without this, npm would fetch a tool that is not installed.
        "npm_config_offline": "true",
        "npm_config_update_notifier": "false",
        "REDOCLY_TELEMETRY": "off",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    }
    return Desk(folder, environment)


@pytest.fixture(scope="session")
def signed_in(target: Target, machine_token: Callable[..., str]) -> dict[str, str]:
    """The variables that the guide exports: the address of the stack and a token."""
    return {"API": target.api, "TOKEN": machine_token(READ, WRITE)}


def blocks(heading: str, language: str = "sh") -> list[str]:
    """The blocks of one section of the guide, without those that install a tool."""
    # Not Page.section, for which a comment at the start of a line is a heading.
    [section] = [part for part in re.split(r"^## ", GUIDE.text, flags=re.MULTILINE) if part.startswith(f"{heading}\n")]
    return [block for block in fences(section, language) if " install " not in block]
