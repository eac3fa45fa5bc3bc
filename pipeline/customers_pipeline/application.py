"""Reads what the pipeline needs from template.yml: its parameters and its resource types."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

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


class _TagIgnoringLoader(yaml.SafeLoader):
    """Reads CloudFormation's short functions, such as `!Ref`, as null."""


_TagIgnoringLoader.add_multi_constructor("!", lambda _loader, _tag, _node: None)


@dataclass(frozen=True, slots=True)
class Application:
    """The stack that the pipeline deploys.

    Attributes:
        parameters: Names of the template's parameters.
        resource_types: Types of its resources, after SAM's transformation.
    """

    parameters: frozenset[str]
    resource_types: frozenset[str]

    @classmethod
    def read(cls, template: Path = ROOT / "template.yml") -> "Application":
        """Read the parameters and resource types of a SAM template."""
        content: dict[str, Any] = yaml.load(template.read_text(), _TagIgnoringLoader)  # noqa: S506 - a SafeLoader
        declared = {resource["Type"] for resource in content["Resources"].values()}
        types = {expanded for name in declared for expanded in _EXPANDED_BY_SAM.get(name, {name})}
        if any("DeploymentPreference" in resource["Properties"] for resource in content["Resources"].values()):
            types |= {"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}
        return cls(frozenset(content["Parameters"]), frozenset(types))
