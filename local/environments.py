"""Installs the project's Python environments, each from its hash-pinned lock file.

It runs before anything is installed, so it imports only the standard library.

    python3 -m local.environments stack sam emulator

The environments are separate because their locks conflict, and because `make up` needs a quarter of what the tests
need. An environment is made beside its place and moved there when it is complete, so that none is ever half installed.
It contains no absolute path of the checkout: a renamed or copied checkout goes on with it.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local import install_errors, package_index
from local.errors import SetupError
from local.processes import running_processes

ROOT: Final = Path(__file__).resolve().parent.parent
STATE: Final = ROOT / ".local"
OLDEST_PYTHON: Final = (3, 11)
NAMES: Final = ("stack", "dev", "sam", "emulator", "audit", "pipeline", "docs", "mutation", "clients")
# The local AWS keeps its data in memory, so its environment is not replaced under it.
HOLDS_DATA: Final = "emulator"


def bin_of(name: str) -> Path:
    """The folder with an environment's programs."""
    return STATE / "venvs" / name / "bin"


def stamp_of(name: str) -> Path:
    """The file that records which lock and which interpreter an environment was installed from."""
    return STATE / "venvs" / name / ".installed"


def identity(lock: bytes) -> str:
    """What an environment depends on: its lock and its interpreter, whatever path that interpreter was called by."""
    interpreter = f"{sys.implementation.name} {sys.version} {Path(sys.base_prefix).resolve()}"
    return hashlib.sha256(lock + interpreter.encode()).hexdigest()


def check_python() -> None:
    """Check that this Python is new enough.

    Raises:
        SetupError: It is too old.
    """
    if sys.version_info < OLDEST_PYTHON:
        found, oldest = (".".join(map(str, v[:2])) for v in (sys.version_info, OLDEST_PYTHON))
        raise SetupError(
            f"Python {oldest} or later is required; {sys.executable} is {found}. "
            "Run make PYTHON=/path/to/a/newer/python3."
        )


def check_folder(root: Path) -> None:
    """Check that programs can be run from the checkout.

    Raises:
        SetupError: Its path has a colon, which separates the folders of PATH.
    """
    if os.pathsep in str(root):
        raise SetupError(f"The path of this folder contains {os.pathsep!r}: {root}. Move it to a path without one.")


@contextmanager
def exclusive() -> Iterator[None]:
    """Wait for the install lock, so that two make commands never write into one environment.

    Raises:
        SetupError: The checkout cannot be written.
    """
    try:
        STATE.mkdir(exist_ok=True)
        # It holds the stack's outputs, passwords and data. Earlier versions created it open to every user.
        STATE.chmod(0o700)
        lock = (STATE / "install.lock").open("w")
    except OSError as error:
        raise SetupError(
            f"{STATE} cannot be written ({error.strerror}). Check out the project where you may write."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_current(name: str) -> bool:
    """Whether an environment is complete and matches its lock and this interpreter."""
    stamp = stamp_of(name)
    return stamp.exists() and stamp.read_text() == identity(_lock_of(name).read_bytes())


def install(name: str) -> None:
    """Install one environment, unless it already matches its lock.

    Args:
        name: The environment, which is also the name of its lock in `requirements/`.

    Raises:
        SetupError: The installer failed, and its output has been printed.
    """
    if is_current(name):
        return
    lock = _lock_of(name)
    started = time.monotonic()
    print(f"  installing {name:<9}", end="", file=sys.stderr, flush=True)
    env = package_index.environment(os.environ, STATE)
    place, fresh = STATE / "venvs" / name, STATE / "venvs" / f"{name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    if name == "uv":
        _install_uv(fresh, lock, env)
    else:
        uv = str(bin_of("uv") / "uv")
        run(env, uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", base_interpreter(), str(fresh))
        python = str(fresh / "bin" / "python")
        # The locks are complete. Without --no-deps, uv would look for what a lock leaves out on purpose.
        options = ["--quiet", "--no-deps", "--require-hashes", "--python", python, "-r", str(lock)]
        # Without the network's word first: a file of the cache whose hash is in the lock cannot be out of date.
        if not _succeeds(env | {"UV_OFFLINE": "1"}, uv, "pip", "install", *options):
            run(env, uv, "pip", "install", *options)
    (fresh / ".installed").write_text(identity(lock.read_bytes()))
    shutil.rmtree(place, ignore_errors=True)
    fresh.replace(place)
    print(f" {time.monotonic() - started:5.1f} s", file=sys.stderr, flush=True)


def base_interpreter() -> str:
    """The interpreter behind this one, which stays when a virtual environment is deleted."""
    return str(Path(getattr(sys, "_base_executable", None) or sys.executable).absolute())


def run(env: Mapping[str, str], *command: str) -> None:
    """Run one installer step. Its output is shown only if it fails.

    Raises:
        SetupError: It failed. The sentence names the likely cause.
    """
    done = _run(env, command)
    if done.returncode:
        print("\n" + done.stdout, file=sys.stderr)
        raise SetupError(install_errors.sentence_of(done.stdout))


def _lock_of(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def _succeeds(env: Mapping[str, str], *command: str) -> bool:
    return _run(env, command).returncode == 0


def _run(env: Mapping[str, str], command: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def _install_uv(folder: Path, lock: Path, env: Mapping[str, str]) -> None:
    """Install uv with the first installer that this machine has: another uv, pip, or the pip inside ensurepip."""
    what = ["--quiet", "--no-deps", "--require-hashes", "--target", str(folder), "-r", str(lock)]
    pip = ["-m", "pip", "install", *package_index.pip_options(package_index.settings(os.environ)), *what]
    if found := shutil.which("uv", path=env.get("PATH")):
        # An old one may not know these options. pip is the way then.
        if _succeeds(env, found, "pip", "install", "--python", base_interpreter(), *what):
            return
        shutil.rmtree(folder, ignore_errors=True)
    if importlib.util.find_spec("pip"):
        run(env, base_interpreter(), *pip)
        return
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        raise SetupError(
            "This Python has neither pip nor ensurepip. On Debian and Ubuntu, run 'apt-get install python3-venv'."
        )
    helper = folder.with_name("pip.new")
    run(env, base_interpreter(), "-m", "venv", "--clear", str(helper))
    run(env, str(helper / "bin" / "python"), *pip)
    shutil.rmtree(helper, ignore_errors=True)


def _refuse_while_in_use(name: str) -> None:
    """Raise SetupError if a process runs on an environment that is about to be replaced."""
    programs = f" {bin_of(name)}/"
    if any(process.command.startswith(programs) for process in running_processes()):
        raise SetupError(
            "A stack of this folder is running on packages or on a Python that are to be replaced, and its data "
            "would be lost. Run make down, or run the same make target again with FORCE=1: both delete the data."
        )


def main(names: list[str]) -> int:
    """Install the named environments. An error is printed as one sentence."""
    try:
        check_python()
        check_folder(ROOT)
        with exclusive():
            # Before anything else is replaced.
            if HOLDS_DATA in names and not is_current(HOLDS_DATA) and not os.environ.get("FORCE"):
                _refuse_while_in_use(HOLDS_DATA)
            for name in ("uv", *names):
                install(name)
            # Later shells go on with this interpreter, whatever their `python3` is.
            (STATE / "python").write_text(base_interpreter())
    except SetupError as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake: interrupted. Nothing is half installed: run the same make target again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(NAMES)))
