"""The programs on this machine, and their versions."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from local.environments import ROOT, bin_of
from operations.jobs.preflight.findings import NOTE, OK, STOP, Finding, Plan

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


def check_tools(plan: Plan, look: Run = run) -> Iterator[Finding]:
    """Whether this machine can build and deploy.

    Args:
        plan: The deployment.
        look: Returns the first line that a program prints.
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", OK, f"{python} runs this command; make build packages for the runtime that you choose")
    pinned = _pinned()
    found = look([str(SAM), "--version"])
    if pinned in found:
        yield Finding("sam", OK, f"{found} in .local/venvs/sam")
    else:
        yield Finding("sam", STOP, f"the pinned version {pinned} is not installed: run make build")
    aws = look(["aws", "--version"])
    yield Finding("aws", OK, aws) if aws else Finding("aws", NOTE, "the guides' aws commands need the AWS CLI")
    if plan.pipeline:
        npm = look(["npm", "--version"])
        yield (
            Finding("npm", OK, f"{npm}, for the CDK command line")
            if npm
            else Finding("npm", STOP, "install npm: it installs the CDK command line that deploys the pipeline")
        )


def _pinned() -> str:
    line = next(line for line in _LOCK.read_text().splitlines() if line.startswith("aws-sam-cli=="))
    return line.removeprefix("aws-sam-cli==").split()[0]
