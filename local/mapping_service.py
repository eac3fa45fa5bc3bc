"""The event source mapping service as a background process: the local AWS's own one drops records that failed."""

import hashlib
import sys
from pathlib import Path

from local.aws import LocalAws, credentials
from local.environments import ROOT
from local.home import StackHome
from local.processes import BackgroundProcess, Process, stop, version_of

STOP_WITHIN = 10.0  # seconds; it saves its checkpoints within five
SOURCES = ROOT / "local" / "event_source_mapping"


def service(home: StackHome) -> BackgroundProcess:
    """The mapping service as a background process."""
    return BackgroundProcess("mapping", home.folder)


def ensure(home: StackHome) -> Process:
    """Start the service, unless it runs already with today's code; it finds the mappings and their changes itself."""
    wanted = _version(home)
    found = service(home).find()
    if found and version_of(found) == wanted:
        return found
    stop_all(home)
    arguments = ["-m", "local.event_source_mapping", "--state", str(home.mappings)]
    env = credentials(home.endpoint) | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    return service(home).start(Path(sys.executable), arguments, env, home.log("mapping"), version=wanted)


def take_over(home: StackHome) -> None:
    """See to it that the local AWS's own reader leaves the streams alone, and that its mappings' state says so.

    The template disables them, but the local AWS then still shows them as enabled.
    """
    client = LocalAws(home.endpoint).functions
    for page in client.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping.get("State") != "Disabled":
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def stop_all(home: StackHome) -> None:
    """End the service.

    Raises:
        StackError: It outlived even force.
    """
    while found := service(home).find():
        stop(found, patience=STOP_WITHIN)


def _version(home: StackHome) -> str:
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.rglob("*.py")))
    return hashlib.sha256(sources + f"{home.endpoint} {sys.executable}".encode()).hexdigest()[:16]
