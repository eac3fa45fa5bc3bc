"""Brings the whole local stack up and down, for `python -m local` and for tests."""

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local import demo_user, deployment, emulator, event_source_mapping_process, smoke_test
from local.demo_user import DemoUser
from local.home import StackHome
from local.outputs import Outputs
from local.progress import NoProgress, ProgressReporter
from local.smoke_test import SmokeTestResult

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that has just passed its smoke test."""

    outputs: Outputs
    user: DemoUser
    smoke_test: SmokeTestResult


def ensure_up(home: StackHome | None = None, *, progress: ProgressReporter | None = None) -> Outputs:
    """Start whatever is missing or out of date, then smoke-test the stack.

    Args:
        home: The stack. The default is the one for tests, apart from the developer's own.
        progress: Receives the steps.

    Raises:
        StackError: A step failed.
    """
    return bring_up(home or StackHome.for_tests(), progress or NoProgress()).outputs


def down(home: StackHome | None = None, *, progress: ProgressReporter | None = None) -> None:
    """Stop every process of the stack and delete their files. Does nothing if nothing is running.

    Raises:
        StackError: A process survived SIGKILL, or another command holds the stack.
    """
    home, progress = home or StackHome.for_tests(), progress or NoProgress()
    with home.exclusive():
        with progress.step("Event source mapping stopped"):
            event_source_mapping_process.stop_all(home)
        with progress.step("Local AWS stopped"):
            emulator.stop_all(home)
        emulator.delete_state(home)
        shutil.rmtree(home.build, ignore_errors=True)


def bring_up(home: StackHome, progress: ProgressReporter) -> RunningStack:
    """Like `ensure_up`, but returns the demo user and the smoke test's result too.

    Raises:
        StackError: A step failed.
    """
    with home.exclusive():
        _ensure_emulator(home, progress)
        outputs = _ensure_deployed(home, progress)
        with progress.step("Event source mapping running"):
            event_source_mapping_process.disable_builtin_mappings(home)
            event_source_mapping_process.ensure(home)
        with progress.step("Demo user ready"):
            user = demo_user.ensure(home, outputs)
        with progress.step("Smoke test passed: a customer was read back"):
            result = smoke_test.run(home, outputs)
        return RunningStack(outputs, user, result)


def _ensure_emulator(home: StackHome, progress: ProgressReporter) -> None:
    stack: StackTypeDef | None = None
    if emulator.find_healthy(home):
        stack = deployment.describe(home)
        if not (stack and deployment.is_unrecoverable(stack)):
            return
        progress.note(f"The last deploy left the stack in {stack['StackStatus']}. Starting over.")
    with progress.step(f"Local AWS running on port {home.port}"):
        # Stop the event source mapping first: its checkpoints mean nothing to a new emulator.
        event_source_mapping_process.stop_all(home)
        emulator.stop_all(home)
        emulator.start(home)


def _ensure_deployed(home: StackHome, progress: ProgressReporter) -> Outputs:
    stack = deployment.describe(home)
    if stack and deployment.is_current(home, stack):
        progress.note("Nothing to deploy: no source has changed.")
        return deployment.save_outputs(home, stack)
    sources = deployment.fingerprint()
    with progress.step("Built"):
        deployment.build(home)
    with progress.step(f"Deployed as {home.stack_name}"):
        return deployment.deploy(home, sources)
