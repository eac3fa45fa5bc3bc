"""What of the stack runs, and how far behind its projection is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local import emulator, mapping_service
from local.errors import StackError
from local.home import StackHome
from local.outputs import read


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of the status table.

    Attributes:
        what: A part of the stack.
        state: How it is.
        pid: Of its process.
        address: Where it is reached.
        details: What else is worth knowing, a line each.
    """

    what: str
    state: str = "stopped"
    pid: str = ""
    address: str = ""
    details: tuple[str, ...] = ()


def rows(home: StackHome) -> Iterator[StatusRow]:
    """The stack's processes and addresses."""
    local_aws, mapping = emulator.service(home).find(), mapping_service.service(home).find()
    if local_aws:
        state = "running" if emulator.is_ready(home) else "not answering"
        yield StatusRow("Local AWS", state, str(local_aws.pid), home.endpoint)
    else:
        yield StatusRow("Local AWS")
    if mapping:
        yield StatusRow("Event source mapping", "running", str(mapping.pid), details=mapping_details(home))
    else:
        yield StatusRow("Event source mapping")
    yield _api(home) if local_aws else StatusRow("API")


def mapping_details(home: StackHome) -> tuple[str, ...]:
    """How far behind each mapping is, in seconds, and what troubles it, from the service's own status file."""
    try:
        status = json.loads((home.mappings / "status.json").read_text())
        lags = [_lag(mapping) for mapping in status["mappings"]]
        return (*lags, *(str(problem) for problem in status["problems"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ("not heard of yet",)


def _lag(mapping: Mapping[str, Any]) -> str:
    function = str(mapping["function"]).partition(":function:")[2]
    behind = max((float(shard["behind_seconds"]) for shard in mapping["shards"].values()), default=0.0)
    return f"{function}: {behind:.1f} s behind, {len(mapping['shards'])} shard(s)"


def _api(home: StackHome) -> StatusRow:
    try:
        return StatusRow("API", "deployed", address=read(home)["ApiEndpoint"])
    except (StackError, LookupError):
        return StatusRow("API", "not deployed")
