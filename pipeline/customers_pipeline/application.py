"""Reads what the pipeline needs from template.yml: its parameters, its resource types and its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .long_form import parse

ROOT = Path(__file__).resolve().parent.parent.parent
# SAM resource type -> the CloudFormation types that SAM expands it to.
_EXPANDED_BY_SAM: Mapping[str, frozenset[str]] = {
    "AWS::Serverless::Api": frozenset(
        {"AWS::ApiGateway::Deployment", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::Lambda::Permission"}
    ),
    "AWS::Serverless::Function": frozenset(
        {"AWS::IAM::Role", "AWS::Lambda::Alias", "AWS::Lambda::Function", "AWS::Lambda::Version"}
    ),
    "AWS::Serverless::LayerVersion": frozenset({"AWS::Lambda::LayerVersion"}),
    "AWS::Serverless::StateMachine": frozenset({"AWS::IAM::Role", "AWS::StepFunctions::StateMachine"}),
}
_KEY = "DataKey"


@dataclass(frozen=True, slots=True)
class Application:
    """The stack that the pipeline deploys.

    Attributes:
        parameters: Name of each of the template's parameters -> its declaration.
        resource_types: Types of its resources, after SAM's transformation.
        key: Properties of the key that encrypts its data, with references to the stage and the stack.
    """

    parameters: Mapping[str, Mapping[str, Any]]
    resource_types: frozenset[str]
    key: Mapping[str, Any]

    @classmethod
    def read(cls, template: Path = ROOT / "template.yml") -> "Application":
        """Read the parameters, the resource types and the key of a SAM template."""
        content = parse(template.read_text())
        declared = {resource["Type"] for resource in content["Resources"].values()}
        types = {expanded for name in declared for expanded in _EXPANDED_BY_SAM.get(name, {name})}
        if any("DeploymentPreference" in resource["Properties"] for resource in content["Resources"].values()):
            types |= {"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}
        return cls(content["Parameters"], frozenset(types), content["Resources"][_KEY]["Properties"])
