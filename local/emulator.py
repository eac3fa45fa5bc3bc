"""The local AWS: one background process that keeps everything deployed to it in memory."""

import hashlib
import time
from pathlib import Path
from typing import Final

import httpx

from local import record
from local.aws import REGION, credentials, http_client
from local.environments import STATE, bin_of, stamp_of
from local.errors import StackError
from local.home import LOOPBACK, PORT_OPTION, StackHome, emulator_service, port_is_busy
from local.processes import POLL, BackgroundProcess, Process, is_alive, tail, version_of, with_arguments
from local.stopping import delete_state, stop_stack

READY_WITHIN: Final = 30.0  # seconds; it usually takes one
ANSWERS_WITHIN: Final = 30.0  # seconds; a machine under load is no reason to call it dead
PYTHON: Final = bin_of("emulator") / "python"
_GUARD: Final = Path(__file__).with_name("emulator_guard.py")


def service(home: StackHome) -> BackgroundProcess:
    """The background process of a stack."""
    return emulator_service(home.folder)


def python_version() -> str:
    """Version of the Python that functions run on, such as "3.13".

    Raises:
        StackError: The emulator is not installed.
    """
    try:
        lines = (STATE / "venvs" / "emulator" / "pyvenv.cfg").read_text().splitlines()
        full = next(line.partition("=")[2].strip() for line in lines if line.startswith("version_info "))
    except (OSError, StopIteration):
        raise StackError("The local AWS is not installed. Run make up to install it.") from None
    return ".".join(full.split(".")[:2])


def version(home: StackHome) -> str:
    """A hash of the emulator's settings, packages and guard. A process started with another one is out of date."""
    installed = stamp_of("emulator")
    settings = repr(sorted(environment(home).items())) + (installed.read_text() if installed.exists() else "")
    return hashlib.sha256(settings.encode() + _GUARD.read_bytes()).hexdigest()[:16]


def environment(home: StackHome) -> dict[str, str]:
    """The emulator's whole environment. Every function inherits it, so it holds none of the user's variables."""
    return credentials(home.endpoint) | {
        "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
        "HOME": str(home.temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(home.temporary),
        "STATE_DIR": str(home.folder / "state"),
        "S3_DATA_DIR": str(home.folder / "s3"),
        "GATEWAY_PORT": str(home.port),
        "STACK_OUTPUTS": str(home.outputs_file),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "AUTH": "true",  # enforces the functions' IAM policies
        "IOT_MTLS_ENABLED": "0",  # otherwise it opens port 8883 on all interfaces
        # There is no X-Ray daemon. Without this, code outside a traced segment would fill the log with errors.
        "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR",
    }


def why_restart(home: StackHome, running: Process) -> str | None:
    """Why a running emulator cannot go on for this stack, as a sentence; None if it can."""
    port = running.option(PORT_OPTION)
    if port != str(home.port):
        return f"The stack runs on port {port}, not on {home.port}."
    if version_of(running) != version(home):
        return "The packages or the settings of the local AWS have changed since it was started."
    if not is_ready(home, within=ANSWERS_WITHIN):
        return f"The local AWS does not answer within {ANSWERS_WITHIN:.0f} s."
    return None


def is_ready(home: StackHome, *, within: float = 5.0) -> bool:
    """Whether the emulator reports that it is ready within `within` seconds."""
    try:
        with http_client(timeout=within) as client:
            return client.get(f"{home.endpoint}/_ministack/ready").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def start(home: StackHome) -> Process:
    """Start an empty emulator and wait until it is ready.

    Raises:
        StackError: The port is in use, or the emulator ended or did not become ready in time.
    """
    if port_is_busy(home.port):
        raise StackError(
            f"Port {home.port} is in use by {_user_of(home.port)}. Stop that, or choose another port with "
            f"make up PORT={home.port + 1}."
        )
    delete_state(home)
    home.temporary.mkdir(parents=True, exist_ok=True)
    record.write(home, complete=False)
    log = home.log("emulator")
    # -P: without it, the modules beside the guard would hide packages of the same name.
    arguments = ["-X", f"{PORT_OPTION}={home.port}", "-P", str(_GUARD)]
    process = service(home).start(PYTHON, arguments, environment(home), log, version=version(home))
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(home, within=1.0):
        if not is_alive(process):
            raise StackError("The local AWS ended during its start. The end of its log:", details=tail(log))
        if time.monotonic() > deadline:
            stop_stack(home)
            raise StackError(
                f"The local AWS was not ready after {READY_WITHIN:.0f} s. The end of its log:", details=tail(log)
            )
        time.sleep(POLL)
    return process


def _user_of(port: int) -> str:
    other = next(with_arguments(f"-X {PORT_OPTION}={port}"), None)
    folder = other.command.partition(" -X customers-api.emulator=")[2].partition("/ ")[0] if other else ""
    return f"the stack in {folder}" if folder else "another program"
