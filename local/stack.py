"""Brings the whole local stack up and down; tests call this, and so does `python -m local`."""

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local import demo_user, deployment, emulator, mapping_service, proof
from local.demo_user import DemoUser
from local.home import StackHome
from local.outputs import Outputs
from local.progress import Silent, StepReporter
from local.proof import Proof

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that has just proved that it works."""

    outputs: Outputs
    user: DemoUser
    proof: Proof


def ensure_up(home: StackHome | None = None, *, progress: StepReporter | None = None) -> Outputs:
    """Bring the stack up, or only what is missing or out of date of it, and prove it.

    Args:
        home: Which stack; the one for tests when it is left out, which runs beside the developer's own.
        progress: Who wants to know about the steps.

    Raises:
        StackError: The sentence to show.
    """
    return bring_up(home or StackHome.for_tests(), progress or Silent()).outputs


def down(home: StackHome | None = None, *, progress: StepReporter | None = None) -> None:
    """End every process of the stack and delete what only they could use; does nothing when nothing runs.

    Raises:
        StackError: A process outlived even force, or another command is at work on the stack.
    """
    home, progress = home or StackHome.for_tests(), progress or Silent()
    with home.only_one_at_a_time():
        with progress.step("Event source mapping stopped"):
            mapping_service.stop_all(home)
        with progress.step("Local AWS stopped"):
            emulator.stop_all(home)
        emulator.forget(home)
        shutil.rmtree(home.build, ignore_errors=True)


def bring_up(home: StackHome, progress: StepReporter) -> RunningStack:
    """Bring the stack up and tell all about it.

    Raises:
        StackError: The sentence to show.
    """
    with home.only_one_at_a_time():
        _ensure_emulator(home, progress)
        outputs = _ensure_deployed(home, progress)
        with progress.step("Event source mapping running"):
            mapping_service.take_over(home)
            mapping_service.ensure(home)
        with progress.step("Demo user ready"):
            user = demo_user.ensure(home, outputs)
        with progress.step("Proved: a customer went in and came out"):
            seen = proof.prove(home, outputs)
        return RunningStack(outputs, user, seen)


def _ensure_emulator(home: StackHome, progress: StepReporter) -> None:
    stack: StackTypeDef | None = None
    if emulator.find_healthy(home):
        stack = deployment.describe(home)
        if not (stack and deployment.is_hopeless(stack)):
            return
        progress.note(f"The last deploy left the stack in {stack['StackStatus']}: beginning anew.")
    with progress.step(f"Local AWS running on port {home.port}"):
        # The mapping service first: its checkpoints mean nothing to the emulator's successor.
        mapping_service.stop_all(home)
        emulator.stop_all(home)
        emulator.start(home)


def _ensure_deployed(home: StackHome, progress: StepReporter) -> Outputs:
    stack = deployment.describe(home)
    if stack and deployment.is_current(home, stack):
        progress.note("Nothing to deploy: no source has changed.")
        return deployment.outputs_of(home, stack)
    sources = deployment.fingerprint()
    with progress.step("Built"):
        deployment.build(home)
    with progress.step(f"Deployed as {home.stack_name}"):
        return deployment.deploy(home, sources)
