"""Resource types that moto's CloudFormation lacks. Each passes its properties to the service's API in moto.

They are direct subclasses of CloudFormationModel, because moto ignores indirect ones. boto3 validates each request
against the service's model, so a property that does not exist or has the wrong type fails the stack.
"""

import json
from collections.abc import Callable
from typing import Any

import boto3
from botocore.validate import ParamValidator
from moto.core.common_models import CloudFormationModel

Properties = dict[str, Any]


def _lowered(value: Any, *, but: frozenset[str] = frozenset()) -> Any:
    """Convert CloudFormation's property names to those of the APIs, which have a lower-case first letter."""
    match value:
        case dict():
            return {
                name[0].lower() + name[1:]: (_texts(each) if name in but else _lowered(each, but=but))
                for name, each in value.items()
            }
        case list():
            return [_lowered(each, but=but) for each in value]
        case _:
            return value


def _texts(settings: Properties) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in settings.items()}


def _pipeline(properties: Properties, region: str) -> tuple[str, str]:
    request = _lowered(properties, but=frozenset({"Configuration"}))
    request.setdefault("version", 1)
    boto3.client("codepipeline", region_name=region).create_pipeline(pipeline=request)
    return request["name"], f"arn:aws:codepipeline:{region}:123456789012:{request['name']}"


def _project(properties: Properties, region: str) -> tuple[str, str]:
    request = _lowered(properties)
    source = request["source"]
    # moto requires locations, also for CodePipeline, which has none.
    request["source"] = {"location": "none", "type": source["type"], "buildspec": source["buildSpec"]}
    request["artifacts"]["location"] = "none"
    answer = boto3.client("codebuild", region_name=region).create_project(**request)
    return request["name"], str(answer["project"]["arn"])


def _secret(properties: Properties, region: str) -> tuple[str, str]:
    client = boto3.client("secretsmanager", region_name=region)
    password = client.get_random_password(**properties["GenerateSecretString"])["RandomPassword"]
    made = client.create_secret(Name="webhook-secret", Description=properties["Description"], SecretString=password)
    return made["ARN"], made["ARN"]


def _webhook(properties: Properties, region: str) -> tuple[str, str]:
    """Moto has no webhooks, so only boto3's validation applies."""
    request = _lowered({name: each for name, each in properties.items() if name != "RegisterWithThirdParty"})
    request["authenticationConfiguration"] = properties["AuthenticationConfiguration"]
    request.pop("targetPipelineVersion")
    model = boto3.client("codepipeline", region_name=region).meta.service_model.operation_model("PutWebhook")
    problems = ParamValidator().validate({"webhook": {"name": "webhook", **request}}, model.input_shape)
    assert not problems.has_errors(), problems.generate_report()
    return "webhook", f"arn:aws:codepipeline:{region}:123456789012:webhook:webhook"


def _bucket_policy(properties: Properties, region: str) -> tuple[str, str]:
    policy = json.dumps(properties["PolicyDocument"])
    boto3.client("s3", region_name=region).put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return properties["Bucket"], ""


def _connection(properties: Properties, region: str) -> tuple[str, str]:
    """Moto has no connections, so only boto3's validation applies."""
    model = boto3.client("codeconnections", region_name=region).meta.service_model.operation_model("CreateConnection")
    problems = ParamValidator().validate(dict(properties), model.input_shape)
    assert not problems.has_errors(), problems.generate_report()
    arn = f"arn:aws:codeconnections:{region}:123456789012:connection/0a1b2c3d-0000-4000-8000-000000000000"
    return arn, arn


def _kind(name: str, create: Callable[[Properties, str], tuple[str, str]]) -> type[CloudFormationModel]:
    """Create the subclass for one type."""

    class Kind(CloudFormationModel):
        def __init__(self, physical_resource_id: str, arn: str) -> None:
            self.physical_resource_id, self.arn = physical_resource_id, arn

        def get_cfn_attribute(self, _: str) -> str:
            return self.arn

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return name

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in ("Arn", "Id")

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,  # noqa: ARG003 - moto's
            cloudformation_json: Properties,
            account_id: str,  # noqa: ARG003 - moto's
            region_name: str,
            **_: Any,
        ) -> CloudFormationModel:
            return cls(*create(cloudformation_json["Properties"], region_name))

    return Kind


# The list keeps the classes alive: moto finds subclasses by reflection.
TYPES = [
    _kind("AWS::CodeConnections::Connection", _connection),
    _kind("AWS::CodePipeline::Pipeline", _pipeline),
    _kind("AWS::CodePipeline::Webhook", _webhook),
    _kind("AWS::CodeBuild::Project", _project),
    _kind("AWS::SecretsManager::Secret", _secret),
    _kind("AWS::S3::BucketPolicy", _bucket_policy),
]
