"""Ends the mapping service as a power cut would."""

import os
import signal

from local import event_source_mapping_process
from local.home import StackHome
from tests.e2e.customers import eventually


def kill(home: StackHome) -> None:
    """Kill this stack's mapping service and no other process."""
    process = event_source_mapping_process.service(home).find()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: _assert_dead(home))


def _assert_dead(home: StackHome) -> None:
    assert event_source_mapping_process.service(home).find() is None
