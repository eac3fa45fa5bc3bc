"""The source artifact: the files that a commit of the working tree would have."""

import shutil
import subprocess
from pathlib import Path

from local.environments import ROOT
from local.errors import StackError


def checkout(folder: Path) -> None:
    """Copy every file that git has or would add, as it is now.

    Args:
        folder: Where to; it must not exist.

    Raises:
        StackError: This is no git checkout.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        raise StackError("The walk copies what git knows, and this is no git checkout: clone the repository.")
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
