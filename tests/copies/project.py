"""Copies of the project that a test may change."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.environments import ROOT, bin_of

# Slow or about prose, and about neither fields nor names.
_SKIPPED: Final = (
    "tests/unit/docs/test_consumers.py::test_the_policies_for_another_account_are_valid_templates",
    "tests/unit/docs/test_plain_words.py",
    "tests/unit/test_class_names.py",
)


@dataclass(frozen=True, slots=True)
class Copy:
    """The tracked files in another folder, under version control there too."""

    root: Path

    def run(self, *command: str) -> str:
        """Run a command that must succeed and return what it prints."""
        done = subprocess.run(command, cwd=self.root, env=_environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout

    def commit(self) -> None:
        """Record the present state, against which `touched` compares."""
        self.run("git", "add", "--all")
        self.run("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "Copy")

    def touched(self) -> list[str]:
        """The files that are new, changed or gone since the last commit."""
        lines = self.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()
        return [line[3:] for line in lines]

    def files_with(self, pattern: str) -> list[str]:
        """The committed files whose name or text matches a pattern, in whatever case."""
        found = re.compile(pattern, re.IGNORECASE)
        names = self.run("git", "ls-files").splitlines()
        return [name for name in names if found.search(name) or found.search((self.root / name).read_text("utf-8"))]

    def run_unit_tests(self, *tests: str) -> None:
        """Run the unit tier, or only these parts of it, apart from a few tests that a copy cannot break."""
        options = ("-q", "-x", "-n0", "-p", "no:cacheprovider", *(f"--deselect={test}" for test in _SKIPPED))
        self.run(sys.executable, "-m", "pytest", *(tests or ("tests/unit",)), *options)


def _environment() -> dict[str, str]:
    # An inner pytest that inherits pytest-xdist's variables takes itself for one of its workers, and an inner make the
    # outer one's settings.
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE", "MFLAGS"))
    }
    # The environments are shared with the project: make must not install them again.
    return {**inherited, "PYTHON": "true", "PYTHONDONTWRITEBYTECODE": "1"}


def tracked() -> list[str]:
    """The project's files as version control would take them now; deleted ones are left out."""
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()})


def under_version_control(root: Path) -> Copy:
    """Make a folder of sources a repository that can run the tools of this one."""
    copy = Copy(root)
    copy.run("git", "init", "--quiet")
    (root / ".local").mkdir(exist_ok=True)
    (root / ".local/venvs").symlink_to(bin_of("dev").parent.parent.resolve())
    copy.commit()
    return copy


def copy_project(root: Path) -> Copy:
    """Copy the tracked files."""
    for name in tracked():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    return under_version_control(root)
