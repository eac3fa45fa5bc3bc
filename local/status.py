"""Which parts of the stack are running, and how far behind the event source mapping is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local import emulator, event_source_mapping_process
from local.errors import StackError
from local.home import StackHome
from local.outputs import read


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One row of the status table.

    Attributes:
        what: A part of the stack.
        details: More lines to print below the row.
    """

    what: str
    state: str = "stopped"
    pid: str = ""
    address: str = ""
    details: tuple[str, ...] = ()


def rows(home: StackHome) -> Iterator[StatusRow]:
    """The stack's processes with their addresses."""
    local_aws = emulator.service(home).find()
    mapping = event_source_mapping_process.service(home).find()
    if local_aws:
        state = "running" if emulator.is_ready(home) else "not responding"
        yield StatusRow("Local AWS", state, str(local_aws.pid), home.endpoint)
    else:
        yield StatusRow("Local AWS")
    if mapping:
        yield StatusRow("Event source mapping", "running", str(mapping.pid), details=mapping_details(home))
    else:
        yield StatusRow("Event source mapping")
    yield _api(home) if local_aws else StatusRow("API")


def mapping_details(home: StackHome) -> tuple[str, ...]:
    """The lag of each mapping in seconds and the current problems, from the process's status file."""
    try:
        status = json.loads((home.mappings / "status.json").read_text())
        lags = [_lag(mapping) for mapping in status["mappings"]]
        return (*lags, *(str(problem) for problem in status["problems"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ("no status yet",)


def _lag(mapping: Mapping[str, Any]) -> str:
    function = str(mapping["function"]).partition(":function:")[2]
    behind = max((float(shard["behind_seconds"]) for shard in mapping["shards"].values()), default=0.0)
    return f"{function}: {behind:.1f} s behind, {len(mapping['shards'])} shard(s)"


def _api(home: StackHome) -> StatusRow:
    try:
        return StatusRow("API", "deployed", address=read(home)["ApiEndpoint"])
    except (StackError, LookupError):
        return StatusRow("API", "not deployed")
