"""Installs the project's Python environments, each from its hash-pinned lock.

Runs before anything is installed, so it imports nothing but the standard library.

    python3 local/environments.py dev sam emulator

The environments are kept apart because their locks conflict: the SAM command line and the local AWS pin
their own versions of libraries that the functions and the tests use in others.
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

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
OLDEST_PYTHON = (3, 11)
NAMES = ("dev", "sam", "emulator", "audit", "pipeline", "docs")


class SetupError(Exception):
    """The machine lacks something that only its user can add; the text says what and how."""


def bin_of(name: str) -> Path:
    """The folder of an environment's programs."""
    return STATE / "venvs" / name / "bin"


def check_python() -> None:
    """Refuse an interpreter that is too old or that cannot make environments.

    Raises:
        SetupError: The sentence to show.
    """
    if sys.version_info < OLDEST_PYTHON:
        found, oldest = (".".join(map(str, v[:2])) for v in (sys.version_info, OLDEST_PYTHON))
        raise SetupError(
            f"Python {oldest} or later is needed, and {sys.executable} is {found}: "
            "run make PYTHON=/path/to/a/newer/python3."
        )
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError as missing:
        raise SetupError(
            f"This Python has no {missing.name}: on Debian and Ubuntu, run 'apt-get install python3-venv'."
        ) from missing


@contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Two make commands started together must not write into one environment."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(name: str) -> None:
    """Bring one environment to what its lock says; does nothing when it is there already.

    Args:
        name: The environment, and the name of its lock under `requirements/`.

    Raises:
        SetupError: The installer failed; its own output stands above the sentence.
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
    """Run one installer step, showing its output only when it fails."""
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        print("\n" + done.stdout, file=sys.stderr)
        step = " ".join(Path(word).name if word.startswith("/") else word for word in command[:3])
        raise SetupError(
            f"'{step} ...' failed (above): most often the network or a package mirror; "
            "mend that and run the same make target again."
        )


def main(names: list[str]) -> int:
    """Install the named environments, or say in one sentence why not."""
    try:
        check_python()
        with only_one_at_a_time():
            for name in ("uv", *names):
                install(name)
    except SetupError as error:
        print(f"make: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(NAMES)))
