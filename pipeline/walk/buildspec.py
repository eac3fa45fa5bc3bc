"""Runs a buildspec as CodeBuild does: all phases in one shell, with its rules of when to stop.

From the CodeBuild user guide, "Build specification reference" and "Build phase transitions": a phase stops at its first
command that fails; after a failed `install` or `pre_build` nothing more is run, after a failed `build` still
`post_build`; `finally` is run in any case; `on-failure: CONTINUE` goes on to the next phase.
"""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import StackError

PHASES = ("install", "pre_build", "build", "post_build")
KNOWN = {"version", "env", "phases", "artifacts"}


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """How a build ended.

    Attributes:
        phases: Name of each phase that was run -> whether it succeeded.
    """

    phases: Mapping[str, bool]

    @property
    def succeeded(self) -> bool:
        """Whether CodeBuild would call it a success."""
        return all(self.phases.values())


def parse(text: str) -> dict[str, Any]:
    """Read a buildspec.

    Raises:
        StackError: It uses something that is not imitated here, and that would be passed over in silence.
    """
    spec: dict[str, Any] = yaml.safe_load(text)
    if unknown := set(spec) - KNOWN | set(spec.get("phases", {})) - set(PHASES):
        raise StackError(f"The walk does not know {', '.join(sorted(unknown))} of a buildspec: teach pipeline/walk it.")
    if spec.get("env", {}).get("shell", "bash") != "bash":
        raise StackError("The walk runs buildspecs in bash alone: set env.shell to bash.")
    return spec


def run(spec: Mapping[str, Any], folder: Path, env: Mapping[str, str], log: Path) -> PhaseResult:
    """Run all phases.

    Args:
        spec: As `parse` gives it.
        folder: The source; the commands start there.
        env: The whole environment; it goes before the buildspec's own variables.
        log: Where output goes.
    """
    ends = folder.parent / f"{folder.name}.phases"
    ends.unlink(missing_ok=True)
    variables = {name: str(value) for name, value in spec.get("env", {}).get("variables", {}).items()}
    with log.open("wb") as output:
        done = subprocess.run(
            ["bash", "-c", script(spec)],
            cwd=folder,
            env=variables | dict(env) | {"WALK_PHASES": str(ends)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    ended = [line.split() for line in ends.read_text().splitlines()] if ends.exists() else []
    phases = {phase: status == "0" for phase, status in ended}
    # A command that leaves the shell ends the build in the middle of its phase.
    return PhaseResult(phases if ended and done.returncode == 0 else {**phases, "interrupted": False})


def script(spec: Mapping[str, Any]) -> str:
    """The phases as one bash script, which writes the end of each into the file that WALK_PHASES names."""
    lines = ["stopped="]
    for phase in PHASES:
        settings = spec["phases"].get(phase)
        if settings:
            lines += _phase(phase, settings)
    return "\n".join([*lines, "exit 0"])


def collect(spec: Mapping[str, Any], folder: Path, artifact: Path) -> None:
    """Copy the files that a build puts out.

    Raises:
        StackError: There are none where the buildspec says.
    """
    for pattern in spec.get("artifacts", {}).get("files", ()):
        found = [path for path in folder.glob(pattern) if path.is_file()]
        if not found:
            raise StackError(f"The build left no {pattern}, which its buildspec puts out.")
        for path in found:
            target = artifact / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _phase(phase: str, settings: Mapping[str, Any]) -> list[str]:
    body = [line for command in settings.get("commands", ()) for line in (command, "status=$?", _RETURN)]
    last = [line for command in settings.get("finally", ()) for line in (command, _RETURN_LAST)]
    goes_on = phase in ("build", "post_build") or settings.get("on-failure") == "CONTINUE"
    stop = "" if goes_on else '[ "$status" = 0 ] || stopped=yes'
    return [
        f"{phase}() {{ status=0", *body, "}", f"{phase}_finally() {{ :", *last, "}",
        'if [ -z "$stopped" ]; then', f"{phase}; {phase}_finally", f'echo "{phase} $status" >> "$WALK_PHASES"', stop,
        "fi",
    ]  # fmt: skip


_RETURN = '[ "$status" = 0 ] || return 0'
_RETURN_LAST = "[ $? = 0 ] || { status=1; return 0; }"
