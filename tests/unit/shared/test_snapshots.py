"""Functions that are restored from one snapshot must differ in their randomness."""

import random
import subprocess
import sys
import uuid
from types import ModuleType

import pytest

from local.environments import ROOT

STAND_IN = """
import sys
from types import ModuleType
restored = []
sys.modules["snapshot_restore_py"] = ModuleType("snapshot_restore_py")
sys.modules["snapshot_restore_py"].register_after_restore = restored.append
import random
import shared.runtime.snapshots
snapshot = random.getstate()
seen = set()
for _ in range(2):
    random.setstate(snapshot)
    [hook] = restored
    hook()
    seen.add(random.random())
print(len(seen))
"""


def test_two_functions_from_one_snapshot_pause_differently() -> None:
    done = subprocess.run([sys.executable, "-B", "-c", STAND_IN], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "2"


def test_ids_do_not_depend_on_the_state_in_a_snapshot() -> None:
    state = random.getstate()
    first = uuid.uuid4()
    random.setstate(state)

    assert uuid.uuid4() != first


@pytest.mark.parametrize("module", ["shared.runtime.observability"])
def test_every_function_is_reseeded(module: str) -> None:
    __import__(module)

    assert isinstance(sys.modules["shared.runtime.snapshots"], ModuleType)
