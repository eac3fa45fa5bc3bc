"""Brings the whole local stack up and down, for `python -m local` and for tests."""

from dataclasses import dataclass
from typing import Final

from local import demo_user, deployment, emulator, event_source_mapping_process, record, smoke_test
from local.demo_user import DemoUser
from local.errors import StackError
from local.home import StackHome
from local.outputs import Outputs
from local.progress import NoProgress, ProgressReporter
from local.smoke_test import SmokeTestResult
from local.stopping import stop_stack

_REMEDY: Final = (
    "A restart would delete the stack's data. To start over without it, run the same command with FORCE=1. To keep it, "
    "run make up as before; a second stack beside this one has a STACK_HOME and a PORT of its own."
)


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that has just passed its smoke test."""

    outputs: Outputs
    user: DemoUser
    smoke_test: SmokeTestResult


def ensure_up(home: StackHome | None = None, *, progress: ProgressReporter | None = None) -> Outputs:
    """Start whatever is missing or out of date, then smoke-test the stack. A stack for tests: its data may go.

    Args:
        home: The stack. The default is the one for tests, apart from the developer's own.
        progress: Receives the steps.

    Raises:
        StackError: A step failed.
    """
    return bring_up(home or StackHome.for_tests(), progress or NoProgress(), force=True).outputs


def down(home: StackHome | None = None, *, progress: ProgressReporter | None = None) -> None:
    """Stop every process of the stack and delete its data. Does nothing if nothing is running.

    Raises:
        StackError: A process survived SIGKILL, or another command holds the stack.
    """
    home, progress = home or StackHome.for_tests(), progress or NoProgress()
    with home.exclusive(), progress.step("Local stack stopped"):
        stop_stack(home)


def bring_up(home: StackHome, progress: ProgressReporter, *, force: bool = False) -> RunningStack:
    """Like `ensure_up`, but returns the demo user and the smoke test's result too, and keeps the stack's data.

    A start that is interrupted before the stack was ever complete leaves nothing behind, neither processes nor a port.

    Args:
        home: The stack.
        progress: Receives the steps.
        force: Restart a local AWS that cannot go on, although that deletes the data.

    Raises:
        StackError: A step failed, or the stack must be restarted and `force` is not set.
    """
    with home.exclusive():
        if not force:
            record.check_place(home)
        if record.is_elsewhere(home.folder):
            stop_stack(home)
        try:
            return _bring_up(home, progress, force=force)
        except KeyboardInterrupt:
            if not record.may_hold_data(home):
                stop_stack(home)
            raise


def _bring_up(home: StackHome, progress: ProgressReporter, *, force: bool) -> RunningStack:
    _ensure_emulator(home, progress, force=force)
    outputs = _ensure_deployed(home, progress)
    with progress.step("Event source mapping running"):
        event_source_mapping_process.disable_builtin_mappings(home)
        event_source_mapping_process.ensure(home)
    with progress.step("Demo user ready"):
        user = demo_user.ensure(home, outputs)
    with progress.step("Smoke test passed: a customer was read back"):
        result = smoke_test.run(home, outputs)
    record.write(home, complete=True)
    return RunningStack(outputs, user, result)


def _ensure_emulator(home: StackHome, progress: ProgressReporter, *, force: bool) -> None:
    running = emulator.service(home).find()
    if running:
        reason = emulator.why_restart(home, running) or _unrecoverable(home)
        if not reason:
            return
        if record.may_hold_data(home) and not force:
            raise StackError(f"{reason} {_REMEDY}")
        progress.note(f"{reason} Starting over.")
    with progress.step(f"Local AWS running on port {home.port}"):
        # Everything: the checkpoints of the event source mapping mean nothing to a new emulator.
        stop_stack(home)
        emulator.start(home)


def _unrecoverable(home: StackHome) -> str | None:
    stack = deployment.describe(home)
    if stack and deployment.is_unrecoverable(stack):
        return f"The last deploy left the stack in {stack['StackStatus']}."
    return None


def _ensure_deployed(home: StackHome, progress: ProgressReporter) -> Outputs:
    stack = deployment.describe(home)
    if stack and deployment.is_current(home, stack):
        progress.note("Nothing to deploy: no source has changed.")
        return deployment.save_outputs(home, stack)
    sources = deployment.fingerprint()
    if not deployment.is_built(home, sources):
        with progress.step("Built"):
            deployment.build(home, sources)
    with progress.step(f"Deployed as {home.stack_name}"):
        return deployment.deploy(home, sources)
