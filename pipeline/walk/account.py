"""The walk's AWS account: the pipeline's own resources on the local AWS, and stacks that are deployed there."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from botocore.config import Config

from local.aws import KEY, REGION, session
from local.deployment import failure_reasons
from local.errors import StackError
from pipeline.walk.synthesised import STACK, Template

INTRINSIC = {"Ref", "Fn::GetAtt", "Fn::Join", "Fn::Sub"}
SETTLES_WITHIN = 180.0  # seconds; a first deployment takes about five
# AWS CloudFormation User Guide, "Quotas".
LARGEST_BODY_BYTES = 51_200
TEMPLATES = "walk-templates"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Account:
    """The local AWS as an account: its root, and the roles in it.

    Args:
        endpoint: Address of the local AWS.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """A client of a service, with the credentials of a role or else the root's."""
        given = credentials or {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY}
        return session().client(
            service,  # type: ignore[call-overload]  # whichever
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
        )

    def act_as(self, role_arn: str) -> dict[str, str]:
        """Credentials of a role, as environment variables."""
        given = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="walk")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def prepare(self) -> None:
        """What `docs/how-to/run-the-pipeline.md` has people do by hand: the owner's name and the token."""
        self.client("ssm").put_parameter(Name="github_username", Value="somebody", Type="String")
        self.client("secretsmanager").create_secret(Name="github_token", SecretString='{"github_token": "none"}')

    def deploy(
        self,
        stack: str,
        template: Template,
        parameters: Mapping[str, str],
        *,
        role: str = "",
        credentials: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Create a stack, or update it.

        Args:
            stack: Its name.
            template: What it shall be.
            parameters: Their values.
            role: ARN of the role that CloudFormation takes; an empty text for none.
            credentials: Who asks for it; the root when left out.

        Returns:
            The stack's outputs.

        Raises:
            StackError: It failed; the details say why.
        """
        cloudformation = self.client("cloudformation", credentials)
        request = {
            "StackName": stack,
            **self._template(stack, template),
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            "Capabilities": CAPABILITIES,
            **({"RoleARN": role} if role else {}),
        }
        try:
            cloudformation.create_stack(**request)
        except cloudformation.exceptions.AlreadyExistsException:
            cloudformation.update_stack(**request)
        return self._outputs(stack)

    def _template(self, stack: str, template: Template) -> dict[str, str]:
        """A template as a request takes it: in it, or as a file when it is too large, as CodePipeline always has it."""
        text = json.dumps(template)
        if len(text.encode()) <= LARGEST_BODY_BYTES:
            return {"TemplateBody": text}
        storage = self.client("s3")
        with suppress(storage.exceptions.BucketAlreadyOwnedByYou):
            storage.create_bucket(Bucket=TEMPLATES, CreateBucketConfiguration={"LocationConstraint": REGION})
        storage.put_object(Bucket=TEMPLATES, Key=stack, Body=text.encode())
        return {"TemplateURL": f"{self.endpoint}/{TEMPLATES}/{stack}"}

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Logical id -> name of each resource of a stack."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        return {
            each["LogicalResourceId"]: each.get("PhysicalResourceId", "")
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    def _outputs(self, stack: str) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        deadline = time.monotonic() + SETTLES_WITHIN
        while (found := cloudformation.describe_stacks(StackName=stack)["Stacks"][0])["StackStatus"].endswith(
            "_IN_PROGRESS"
        ):
            if time.monotonic() > deadline:
                raise StackError(f"{stack} is still in {found['StackStatus']} after {SETTLES_WITHIN:.0f} s.")
            time.sleep(0.2)
        if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
            reasons = failure_reasons(events, found["CreationTime"].replace(microsecond=0))
            raise StackError(f"{stack} ended in {found['StackStatus']}:", details="\n".join(reasons))
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}


class Resolved:
    """The intrinsic functions in some values of the pipeline's template, as the local AWS resolves them.

    They become outputs of the stack, so that CloudFormation itself, and no imitation of it, says what they are.

    Args:
        values: Any pieces of the template.
    """

    def __init__(self, *values: Any) -> None:
        texts = dict.fromkeys(json.dumps(each, sort_keys=True) for value in values for each in _intrinsics(value))
        self._names = {text: f"Walk{number}" for number, text in enumerate(texts)}
        self._outputs: Mapping[str, str] = {}

    def outputs(self) -> dict[str, Any]:
        """What to add to the template's outputs."""
        return {name: {"Value": json.loads(text)} for text, name in self._names.items()}

    def deploy(self, account: Account, template: Template) -> None:
        """Deploy the pipeline's stack."""
        outputs = {**template.get("Outputs", {}), **self.outputs()}
        parameters = {name: each["Default"] for name, each in template.get("Parameters", {}).items()}
        self._outputs = account.deploy(STACK, template | {"Outputs": outputs}, parameters)

    def __call__(self, value: Any) -> Any:
        """The value with everything resolved."""
        match value:
            case dict() if _is_intrinsic(value):
                return self._outputs[self._names[json.dumps(value, sort_keys=True)]]
            case dict():
                return {name: self(each) for name, each in value.items()}
            case list():
                return [self(each) for each in value]
            case _:
                return value


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in INTRINSIC


def _intrinsics(value: Any) -> Iterator[Any]:
    match value:
        case dict() if _is_intrinsic(value):
            yield value
        case dict():
            for each in value.values():
                yield from _intrinsics(each)
        case list():
            for each in value:
                yield from _intrinsics(each)
