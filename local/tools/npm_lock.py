"""Programs from an npm lock of this project. Every package is checked against its hash; none runs scripts."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from local.environments import STATE
from local.errors import StackError
from local.progress import ProgressReporter
from local.tools.npm_package import npm

LOCK: Final = "package-lock.json"
_FILES: Final = ("package.json", LOCK, ".npmrc")


def installed(title: str, folder: Path, progress: ProgressReporter) -> Path:
    """The folder with the `node_modules` of a lock. The first call with a lock downloads it.

    Args:
        title: Name for people, such as "CDK". Its lower case names the folder in `.local`.
        folder: The folder with `package.json`, the lock and `.npmrc`.
        progress: Receives the download step.

    Raises:
        StackError: A download failed or does not match its hash.
    """
    version = hashlib.sha256((folder / LOCK).read_bytes()).hexdigest()[:16]
    target = STATE / title.lower().replace(" ", "-") / version
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            with TemporaryDirectory(dir=target.parent) as scratch, progress.step(f"{title} installed"):
                _install(title, folder, Path(scratch) / "package")
                # Renamed last, so that an interrupted download never looks complete.
                (Path(scratch) / "package").rename(target)
    return target


def _install(title: str, source: Path, folder: Path) -> None:
    folder.mkdir()
    for name in _FILES:
        shutil.copy(source / name, folder)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            f"npm could not install {title} from {source.name}/{LOCK}. If the error below is EINTEGRITY, a "
            "package does not match its hash: find out who changed it. Otherwise the usual cause is the network.",
            details=done.stderr,
        )
