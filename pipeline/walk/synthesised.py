"""The pipeline as the CDK app synthesised it, read from its CloudFormation template."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.environments import ROOT, bin_of
from local.errors import StackError

STACK = "CustomersApiPipeline"
Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a stage.

    Attributes:
        name: In its stage.
        category: `Source`, `Build`, `Test`, `Deploy` or `Approval`.
        configuration: Its settings; intrinsic functions are not resolved.
        inputs: Names of the artifacts it reads.
        outputs: Names of the artifacts it writes.
        namespace: Under which later actions find its variables; an empty text for none.
    """

    name: str
    category: str
    configuration: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    namespace: str


@dataclass(frozen=True, slots=True)
class SynthesisedStage:
    """One stage; its actions in the order they run in."""

    name: str
    actions: tuple[Action, ...]


def synthesise(folder: Path) -> Template:
    """Run the CDK app.

    Args:
        folder: For what it makes.

    Raises:
        StackError: It failed; the details say why.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(bin_of("pipeline") / "python"), "-m", "pipeline.app"],
        cwd=ROOT,
        env=env | {"CDK_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError("The CDK app failed:", details=done.stderr)
    template: Template = json.loads((folder / f"{STACK}.template.json").read_text())
    return template


def stages(template: Template) -> list[SynthesisedStage]:
    """The pipeline's stages in their order."""
    [pipeline] = of_type(template, "AWS::CodePipeline::Pipeline").values()
    return [SynthesisedStage(stage["Name"], _actions(stage)) for stage in pipeline["Stages"]]


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """The resources of one type: logical id -> properties."""
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def _actions(stage: Mapping[str, Any]) -> tuple[Action, ...]:
    ordered = sorted(stage["Actions"], key=lambda action: action["RunOrder"])
    return tuple(
        Action(
            name=action["Name"],
            category=action["ActionTypeId"]["Category"],
            configuration=action.get("Configuration", {}),
            inputs=tuple(artifact["Name"] for artifact in action.get("InputArtifacts", ())),
            outputs=tuple(artifact["Name"] for artifact in action.get("OutputArtifacts", ())),
            namespace=action.get("Namespace", ""),
        )
        for action in ordered
    )
