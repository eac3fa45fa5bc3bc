"""The programs on this machine, and their versions."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from local.environments import ROOT, bin_of
from operations.jobs.preflight.findings import NOTE, OK, STOP, Checked, PlannedDeployment

SAM: Final = bin_of("sam") / "sam"
_LOCK: Final = ROOT / "requirements" / "sam.txt"

Run = Callable[[Sequence[str]], str]


def run(command: Sequence[str]) -> str:
    """Return the first line that a program prints; empty if it cannot be run."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    return done.stdout.strip().partition("\n")[0]


def check_tools(plan: PlannedDeployment, look: Run = run) -> Iterator[Checked]:
    """Whether this machine can build and deploy.

    Args:
        plan: What will be deployed, and how.
        look: Returns the first line that a program prints.
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Checked("python", OK, f"{python} runs this command; make build packages for the runtime that you choose")
    pinned = _pinned()
    found = look([str(SAM), "--version"])
    if pinned in found:
        yield Checked("sam", OK, f"{found} in .local/venvs/sam")
    else:
        yield Checked("sam", STOP, f"the pinned version {pinned} is not installed: run make build")
    aws = look(["aws", "--version"])
    yield Checked("aws", OK, aws) if aws else Checked("aws", NOTE, "the guides' aws commands need the AWS CLI")
    if plan.pipeline:
        npm = look(["npm", "--version"])
        yield (
            Checked("npm", OK, f"{npm}, for the CDK command line")
            if npm
            else Checked("npm", STOP, "install npm: it installs the CDK command line that deploys the pipeline")
        )


def _pinned() -> str:
    line = next(line for line in _LOCK.read_text().splitlines() if line.startswith("aws-sam-cli=="))
    return line.removeprefix("aws-sam-cli==").split()[0]
