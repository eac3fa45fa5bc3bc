"""The local AWS: one background process, whose memory holds everything that was deployed to it."""

import hashlib
import shutil
import time

import httpx

from local.aws import REGION, credentials, http_client
from local.environments import STATE, bin_of
from local.errors import StackError
from local.home import LOOPBACK, StackHome, port_is_busy
from local.processes import POLL, BackgroundProcess, Process, is_alive, stop, table, tail, version_of

READY_WITHIN = 30.0  # seconds; it takes about one
STOP_WITHIN = 10.0  # seconds; it takes about one
PYTHON = bin_of("emulator") / "python"


def service(home: StackHome) -> BackgroundProcess:
    """The emulator as a background process."""
    return BackgroundProcess("emulator", home.folder)


def python_version() -> str:
    """Version of the interpreter that functions run on, such as "3.13".

    Raises:
        StackError: The environment is not there.
    """
    try:
        lines = (STATE / "venvs" / "emulator" / "pyvenv.cfg").read_text().splitlines()
        full = next(line.partition("=")[2].strip() for line in lines if line.startswith("version "))
    except (OSError, StopIteration):
        raise StackError("The local AWS is not installed: run make up, which installs it.") from None
    return ".".join(full.split(".")[:2])


def version(home: StackHome) -> str:
    """What a running emulator must have been started with to be kept."""
    installed = STATE / "venvs" / "emulator" / ".installed"
    settings = repr(sorted(environment(home).items())) + (installed.read_text() if installed.exists() else "")
    return hashlib.sha256(settings.encode()).hexdigest()[:16]


def environment(home: StackHome) -> dict[str, str]:
    """Its whole environment, which it hands on to every function: so nothing of the user's is in it."""
    return credentials(home.endpoint) | {
        "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
        "HOME": str(home.temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(home.temporary),
        "STATE_DIR": str(home.folder / "state"),
        "S3_DATA_DIR": str(home.folder / "s3"),
        "GATEWAY_PORT": str(home.port),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "AUTH": "true",  # enforces the functions' own policies
        "IOT_MTLS_ENABLED": "0",  # else it listens on all interfaces
        # There is no X-Ray daemon: what runs outside a traced segment must not fill the log with complaints.
        "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR",
    }


def find_healthy(home: StackHome) -> Process | None:
    """The running emulator, if it is up to date and answers."""
    found = service(home).find()
    return found if found and version_of(found) == version(home) and is_ready(home) else None


def is_ready(home: StackHome, *, within: float = 5.0) -> bool:
    """Whether it answers within some seconds that it is ready."""
    try:
        with http_client(timeout=within) as client:
            return client.get(f"{home.endpoint}/_ministack/ready").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def start(home: StackHome) -> Process:
    """Start it with an empty memory, and wait until it is ready.

    Raises:
        StackError: The port belongs to another program, or the emulator ended or did not become ready.
    """
    if port_is_busy(home.port):
        raise StackError(
            f"Port {home.port} is in use by another program: stop that one, or choose another port with "
            f"make up PORT={home.port + 1}."
        )
    forget(home)
    home.temporary.mkdir(parents=True, exist_ok=True)
    log = home.log("emulator")
    process = service(home).start(PYTHON, ["-m", "ministack"], environment(home), log, version=version(home))
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(home, within=1.0):
        if not is_alive(process):
            raise StackError("The local AWS ended while it started; the end of its log:", details=tail(log))
        if time.monotonic() > deadline:
            stop_all(home)
            raise StackError(
                f"The local AWS was not ready after {READY_WITHIN:.0f} s; the end of its log:", details=tail(log)
            )
        time.sleep(POLL)
    return process


def forget(home: StackHome) -> None:
    """Delete what only the memory of a dead emulator gave a meaning to: its files, outputs and checkpoints."""
    home.outputs_file.unlink(missing_ok=True)
    for leftover in (home.temporary, home.folder / "state", home.folder / "s3", home.mappings):
        shutil.rmtree(leftover, ignore_errors=True)


def stop_all(home: StackHome) -> None:
    """End the emulator and its function workers, also those that a dead one left behind.

    Raises:
        StackError: A process outlived even force.
    """
    while found := service(home).find():
        stop(found, patience=STOP_WITHIN)
    workers = f" {home.temporary}/ministack-lambda-"
    while left := [process for process in table() if workers in process.command]:
        stop(*left, patience=1.0)
    shutil.rmtree(home.temporary, ignore_errors=True)
