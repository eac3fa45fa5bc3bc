"""Installs the project's Python environments, each from its hash-pinned lock file.

It runs before anything is installed, so it imports only the standard library.

    python3 local/environments.py dev sam emulator

The environments are separate because their locks conflict: the SAM CLI and the local AWS pin other versions of
libraries that the functions and the tests use.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STATE: Final = ROOT / ".local"
OLDEST_PYTHON: Final = (3, 11)
NAMES: Final = ("dev", "sam", "emulator", "audit", "pipeline", "docs", "mutation", "clients")


class SetupError(Exception):
    """The machine lacks something that only its user can add. The message says what, and how to add it."""


def bin_of(name: str) -> Path:
    """The folder with an environment's programs."""
    return STATE / "venvs" / name / "bin"


def check_python() -> None:
    """Check that this Python is new enough and can create environments.

    Raises:
        SetupError: It is too old, or `venv` is missing.
    """
    if sys.version_info < OLDEST_PYTHON:
        found, oldest = (".".join(map(str, v[:2])) for v in (sys.version_info, OLDEST_PYTHON))
        raise SetupError(
            f"Python {oldest} or later is required; {sys.executable} is {found}. "
            "Run make PYTHON=/path/to/a/newer/python3."
        )
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError as missing:
        raise SetupError(
            f"This Python has no {missing.name} module. On Debian and Ubuntu, run 'apt-get install python3-venv'."
        ) from missing


@contextmanager
def exclusive() -> Iterator[None]:
    """Wait for the install lock, so that two make commands never write into one environment."""
    STATE.mkdir(exist_ok=True)
    # It holds the stack's outputs, passwords and data. Earlier versions created it open to every user of the machine.
    STATE.chmod(0o700)
    with (STATE / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(name: str) -> None:
    """Install one environment, unless it already matches its lock.

    Args:
        name: The environment, which is also the name of its lock in `requirements/`.

    Raises:
        SetupError: The installer failed. Its output has been printed.
    """
    lock = ROOT / "requirements" / f"{name}.txt"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode() + sys.executable.encode()).hexdigest()
    stamp = STATE / "venvs" / name / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    started = time.monotonic()
    print(f"  installing {name:<9}", end="", file=sys.stderr, flush=True)
    folder = STATE / "venvs" / name
    run(sys.executable, "-m", "venv", "--clear", *(() if name == "uv" else ("--without-pip",)), str(folder))
    if name == "uv":
        run(
            str(folder / "bin" / "pip"),
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            str(lock),
        )
    else:
        python = str(folder / "bin" / "python")
        run(
            str(bin_of("uv") / "uv"),
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--require-hashes",
            "-r",
            str(lock),
        )
    stamp.write_text(wanted)
    print(f" {time.monotonic() - started:5.1f} s", file=sys.stderr, flush=True)


def run(*command: str) -> None:
    """Run one installer step. Its output is shown only if it fails."""
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        print("\n" + done.stdout, file=sys.stderr)
        step = " ".join(Path(word).name if word.startswith("/") else word for word in command[:3])
        raise SetupError(
            f"'{step} ...' failed; its output is above. The usual cause is the network or a package mirror. "
            "Fix that and run the same make target again."
        )


def main(names: list[str]) -> int:
    """Install the named environments. An error is printed as one sentence."""
    try:
        check_python()
        with exclusive():
            for name in ("uv", *names):
                install(name)
    except SetupError as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(NAMES)))
