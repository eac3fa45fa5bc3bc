"""Runs a buildspec as CodeBuild does: all phases in one shell, with CodeBuild's rules for failures.

From the CodeBuild user guide, "Build specification reference" and "Build phase transitions": a phase stops at its first
failing command. After a failed `install` or `pre_build` no further phase runs, but `post_build` runs after a failed
`build`. `finally` always runs. `on-failure: CONTINUE` continues with the next phase.
"""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from local.errors import StackError

PHASES = ("install", "pre_build", "build", "post_build")
SUPPORTED_KEYS = {"version", "env", "phases", "artifacts"}


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The result of a build.

    Attributes:
        phases: Name of each phase that ran -> whether it succeeded.
        exported: The buildspec's exported variables, as the build left them.
    """

    phases: Mapping[str, bool]
    exported: Mapping[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether CodeBuild would report success."""
        return all(self.phases.values())


def parse(text: str) -> dict[str, Any]:
    """Parse a buildspec.

    Raises:
        StackError: The buildspec uses a feature that the walk does not implement and would silently ignore.
    """
    spec: dict[str, Any] = yaml.safe_load(text)
    if unknown := set(spec) - SUPPORTED_KEYS | set(spec.get("phases", {})) - set(PHASES):
        raise StackError(
            f"The walk does not support {', '.join(sorted(unknown))} in a buildspec: add it to pipeline/walk."
        )
    if spec.get("env", {}).get("shell", "bash") != "bash":
        raise StackError("The walk runs buildspecs only in bash: set env.shell to bash.")
    return spec


def run(spec: Mapping[str, Any], folder: Path, env: Mapping[str, str], log: Path) -> BuildResult:
    """Run all phases.

    Args:
        spec: Buildspec, as `parse` returns it.
        folder: Folder with the source, the working directory of the commands.
        env: The complete environment. It overrides the buildspec's variables.
        log: File for the output.
    """
    statuses, exports = (folder.parent / f"{folder.name}.{kind}" for kind in ("phases", "exports"))
    for file in (statuses, exports):
        file.unlink(missing_ok=True)
    variables = {name: str(value) for name, value in spec.get("env", {}).get("variables", {}).items()}
    with log.open("wb") as output:
        process = subprocess.run(
            ["bash", "-c", script(spec)],
            cwd=folder,
            env=variables | dict(env) | {"WALK_PHASES": str(statuses), "WALK_EXPORTS": str(exports)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    ended = [line.split() for line in statuses.read_text().splitlines()] if statuses.exists() else []
    phases = {phase: status == "0" for phase, status in ended}
    lines = exports.read_text().splitlines() if exports.exists() else []
    exported = dict(line.split("=", 1) for line in lines)
    # A command that exits the shell ends the build in the middle of a phase.
    return BuildResult(phases if ended and process.returncode == 0 else {**phases, "interrupted": False}, exported)


def script(spec: Mapping[str, Any]) -> str:
    """Return the phases as one bash script that appends each phase's exit status to the file in WALK_PHASES."""
    lines = ["stopped="]
    for phase in PHASES:
        settings = spec["phases"].get(phase)
        if settings:
            lines += _phase(phase, settings)
    for name in spec.get("env", {}).get("exported-variables", ()):
        lines.append(f'printf \'%s=%s\\n\' {name} "${name}" >> "$WALK_EXPORTS"')
    return "\n".join([*lines, "exit 0"])


def collect(spec: Mapping[str, Any], folder: Path, artifact: Path) -> None:
    """Copy the output files of a build to an artifact folder.

    Raises:
        StackError: A file of the buildspec's `artifacts` does not exist.
    """
    for pattern in spec.get("artifacts", {}).get("files", ()):
        found = [path for path in folder.glob(pattern) if path.is_file()]
        if not found:
            raise StackError(f"The build did not create {pattern}, which its buildspec lists as an artifact.")
        for path in found:
            target = artifact / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _phase(phase: str, settings: Mapping[str, Any]) -> list[str]:
    body = [line for command in settings.get("commands", ()) for line in (command, "status=$?", _RETURN)]
    final = [line for command in settings.get("finally", ()) for line in (command, _RETURN_FINALLY)]
    continues = phase in ("build", "post_build") or settings.get("on-failure") == "CONTINUE"
    stop = "" if continues else '[ "$status" = 0 ] || stopped=yes'
    return [
        f"{phase}() {{ status=0", *body, "}", f"{phase}_finally() {{ :", *final, "}",
        'if [ -z "$stopped" ]; then', f"{phase}; {phase}_finally", f'echo "{phase} $status" >> "$WALK_PHASES"', stop,
        "fi",
    ]  # fmt: skip


_RETURN = '[ "$status" = 0 ] || return 0'
_RETURN_FINALLY = "[ $? = 0 ] || { status=1; return 0; }"
