"""The CDK command line, from the npm lock in `pipeline/`. Every package is checked against its hash; none runs scripts.

python -m local.tools.cdk diff
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from local.environments import ROOT, STATE
from local.errors import StackError
from local.progress import ConsoleProgress, ProgressReporter
from local.tools.npm_package import node, npm

APP: Final = ROOT / "pipeline"
_LOCK: Final = "package-lock.json"
_FILES: Final = ("package.json", _LOCK, ".npmrc")
_PROGRAM: Final = Path("node_modules", "aws-cdk", "bin", "cdk")


def installed(progress: ProgressReporter, app: Path = APP) -> Path:
    """The CDK's program. The first call with a lock downloads it.

    Args:
        progress: Receives the download step.
        app: The folder with the lock.

    Raises:
        StackError: A download failed or does not match its hash.
    """
    version = hashlib.sha256((app / _LOCK).read_bytes()).hexdigest()[:16]
    folder = STATE / "cdk" / version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with TemporaryDirectory(dir=folder.parent) as scratch, progress.step("CDK installed"):
                _install(app, Path(scratch) / "package")
                # Renamed last, so that an interrupted download never looks complete.
                (Path(scratch) / "package").rename(folder)
    return folder / _PROGRAM


def _install(app: Path, folder: Path) -> None:
    folder.mkdir()
    for name in _FILES:
        shutil.copy(app / name, folder)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(
            "npm could not install the CDK from pipeline/package-lock.json. If the error below is EINTEGRITY, a package "
            "does not match its hash: find out who changed it. Otherwise the usual cause is the network.",
            details=done.stderr,
        )


def main(arguments: list[str]) -> int:
    """Replace this process by the CDK, in the app's folder. An error is printed as one sentence."""
    try:
        program = installed(ConsoleProgress(Console(stderr=True)))
        interpreter = node()
    except StackError as error:
        print(f"cdk: {error}\n{error.details}".rstrip(), file=sys.stderr)
        return 1
    os.chdir(APP)
    os.execv(interpreter, [interpreter, str(program), *arguments])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
