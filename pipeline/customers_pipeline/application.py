"""What the pipeline knows of template.yml: the parameters it takes and the kinds of resources it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
# What SAM makes of its own kinds.
_SAM: Mapping[str, frozenset[str]] = {
    "AWS::Serverless::Api": frozenset(
        {"AWS::ApiGateway::Deployment", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::Lambda::Permission"}
    ),
    "AWS::Serverless::Function": frozenset(
        {"AWS::IAM::Role", "AWS::Lambda::Alias", "AWS::Lambda::Function", "AWS::Lambda::Version"}
    ),
    "AWS::Serverless::LayerVersion": frozenset({"AWS::Lambda::LayerVersion"}),
    "AWS::Serverless::StateMachine": frozenset({"AWS::IAM::Role", "AWS::StepFunctions::StateMachine"}),
}


class _Loader(yaml.SafeLoader):
    """Passes over CloudFormation's short functions, such as `!Ref`."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, _node: None)


@dataclass(frozen=True, slots=True)
class Application:
    """The stack that the pipeline deploys.

    Attributes:
        parameters: Names of its parameters.
        kinds: Types of its resources, after SAM's transformation.
    """

    parameters: frozenset[str]
    kinds: frozenset[str]

    @classmethod
    def read(cls, template: Path = ROOT / "template.yml") -> "Application":
        """Read it from the template."""
        content: dict[str, Any] = yaml.load(template.read_text(), _Loader)  # noqa: S506 - a SafeLoader
        written = {resource["Type"] for resource in content["Resources"].values()}
        kinds = {kind for name in written for kind in _SAM.get(name, {name})}
        if any("DeploymentPreference" in resource["Properties"] for resource in content["Resources"].values()):
            kinds |= {"AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"}
        return cls(frozenset(content["Parameters"]), frozenset(kinds))
