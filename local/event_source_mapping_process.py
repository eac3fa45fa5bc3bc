"""The event source mapping as a background process. It replaces the emulator's own, which loses failed records."""

import hashlib
import sys
from pathlib import Path
from typing import Final

from local.aws import LocalAws, credentials
from local.environments import ROOT
from local.home import StackHome
from local.processes import BackgroundProcess, Process, stop, version_of

STOP_WITHIN: Final = 10.0  # seconds; the process saves its checkpoints within five
SOURCES: Final = ROOT / "local" / "event_source_mapping"


def service(home: StackHome) -> BackgroundProcess:
    """The background process of a stack."""
    return BackgroundProcess("mapping", home.folder)


def ensure(home: StackHome) -> Process:
    """Start the process, unless it already runs the current code. It finds the mappings and their changes itself."""
    wanted = _version(home)
    found = service(home).find()
    if found and version_of(found) == wanted:
        return found
    stop_all(home)
    arguments = ["-m", "local.event_source_mapping", "--state", str(home.mappings)]
    env = credentials(home.endpoint) | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    return service(home).start(Path(sys.executable), arguments, env, home.log("mapping"), version=wanted)


def disable_builtin_mappings(home: StackHome) -> None:
    """Stop the emulator's own stream readers.

    The template already disables the mappings, but the emulator still reports them as enabled.
    """
    client = LocalAws(home.endpoint).functions
    for page in client.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping.get("State") != "Disabled":
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def stop_all(home: StackHome) -> None:
    """Stop the process.

    Raises:
        StackError: The process survived SIGKILL.
    """
    while found := service(home).find():
        stop(found, timeout=STOP_WITHIN)


def _version(home: StackHome) -> str:
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.rglob("*.py")))
    return hashlib.sha256(sources + f"{home.endpoint} {sys.executable} {_packages()}".encode()).hexdigest()[:16]


def _packages() -> str:
    """What the running interpreter's environment was installed from."""
    stamp = Path(sys.prefix) / ".installed"
    return stamp.read_text() if stamp.exists() else ""
