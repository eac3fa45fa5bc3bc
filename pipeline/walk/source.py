"""The source artifact: the files of the working tree that a commit would contain."""

import shutil
import subprocess
from pathlib import Path

from local.environments import ROOT
from local.errors import StackError


def checkout(folder: Path) -> None:
    """Copy every file that git tracks or would add, in its current state.

    Args:
        folder: Target folder; must not exist.

    Raises:
        StackError: The project is not a git checkout.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        raise StackError(
            "The walk copies the files that git lists, but this is not a git checkout: clone the repository."
        )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
