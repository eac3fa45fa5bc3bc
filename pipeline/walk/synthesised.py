"""Reads the pipeline's stages from the CloudFormation template that the CDK app synthesises."""

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
STAGES = ("Staging", "Production")
Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PipelineAction:
    """One action of a stage.

    Attributes:
        category: `Source`, `Build`, `Test`, `Deploy` or `Approval`.
        configuration: Settings, with unresolved intrinsic functions.
        inputs: Names of the artifacts that the action reads.
        outputs: Names of the artifacts that the action writes.
        namespace: Namespace of the action's output variables; empty for none.
    """

    name: str
    category: str
    configuration: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    namespace: str


@dataclass(frozen=True, slots=True)
class PipelineStage:
    """One stage, with its actions in execution order."""

    name: str
    actions: tuple[PipelineAction, ...]


def synthesise(folder: Path) -> dict[str, Template]:
    """Run the CDK app and return the template of each stack, the stages' first.

    Args:
        folder: Output folder of the CDK app.

    Raises:
        StackError: The CDK app failed; the details have its error output.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.run(
        [str(bin_of("pipeline") / "python"), "-m", "pipeline.app"],
        cwd=ROOT,
        env=env | {"CDK_OUTDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise StackError("The CDK app failed:", details=process.stderr)
    names = (*(f"{STACK}{stage}" for stage in STAGES), STACK)
    return {name: json.loads((folder / f"{name}.template.json").read_text()) for name in names}


def stages(template: Template) -> list[PipelineStage]:
    """Return the pipeline's stages in execution order."""
    [pipeline] = of_type(template, "AWS::CodePipeline::Pipeline").values()
    return [PipelineStage(stage["Name"], _actions(stage)) for stage in pipeline["Stages"]]


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Return the resources of one type: logical id -> properties."""
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def _actions(stage: Mapping[str, Any]) -> tuple[PipelineAction, ...]:
    ordered = sorted(stage["Actions"], key=lambda action: action["RunOrder"])
    return tuple(
        PipelineAction(
            name=action["Name"],
            category=action["ActionTypeId"]["Category"],
            configuration=action.get("Configuration", {}),
            inputs=tuple(artifact["Name"] for artifact in action.get("InputArtifacts", ())),
            outputs=tuple(artifact["Name"] for artifact in action.get("OutputArtifacts", ())),
            namespace=action.get("Namespace", ""),
        )
        for action in ordered
    )
