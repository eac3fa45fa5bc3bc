"""Which parts of the stack are running, and where. `customers status` says whether they work."""

from collections.abc import Iterator
from dataclasses import dataclass

from local import emulator, event_source_mapping_process
from local.errors import StackError
from local.home import StackHome
from local.outputs import read


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One row of the status table.

    Attributes:
        what: A part of the stack.
    """

    what: str
    state: str = "stopped"
    pid: str = ""
    address: str = ""


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
        yield StatusRow("Event source mapping", "running", str(mapping.pid))
    else:
        yield StatusRow("Event source mapping")
    yield _api(home) if local_aws else StatusRow("API")


def _api(home: StackHome) -> StatusRow:
    try:
        return StatusRow("API", "deployed", address=read(home)["ApiEndpoint"])
    except (StackError, LookupError):
        return StatusRow("API", "not deployed")
