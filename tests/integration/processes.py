"""Ends the mapping service as a power cut would."""

import os
import signal

from local import mapping_service
from local.home import StackHome
from tests.e2e.customers import eventually


def kill(home: StackHome) -> None:
    """Kill this stack's mapping service and no other process."""
    process = mapping_service.service(home).find()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: _assert_dead(home))


def _assert_dead(home: StackHome) -> None:
    assert mapping_service.service(home).find() is None
