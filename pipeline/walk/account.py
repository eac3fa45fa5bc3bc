"""The local AWS as the account of the walk: deploys stacks and resolves values of the pipeline's template."""

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

INTRINSIC = {"Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Join", "Fn::Sub"}
DEPLOYMENT_TIMEOUT = 180.0  # seconds; a first deployment takes about 5 s
# AWS CloudFormation User Guide, "Quotas".
MAX_TEMPLATE_BYTES = 51_200
TEMPLATE_BUCKET = "walk-templates"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Account:
    """An account on the local AWS, used as its root user or in one of its roles."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:
        """Return a client with the credentials of a role, or by default of the root user."""
        used = credentials or {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY}
        return session().client(
            service,  # type: ignore[call-overload]  # any service
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=used["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=used["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=used.get("AWS_SESSION_TOKEN"),
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
        )

    def act_as(self, role_arn: str) -> dict[str, str]:
        """Return the credentials of a role as environment variables."""
        issued = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="walk")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": issued["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": issued["SecretAccessKey"],
            "AWS_SESSION_TOKEN": issued["SessionToken"],
        }

    def prepare(self) -> None:
        """Create what `docs/how-to/run-the-pipeline.md` has you create by hand: the owner's name and the token."""
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
        """Create or update a stack and return its outputs.

        Args:
            stack: Name of the stack.
            template: Template of the stack.
            parameters: Name -> value.
            role: ARN of the role that CloudFormation assumes; empty for none.
            credentials: Credentials of the caller, by default of the root user.

        Raises:
            StackError: The deployment failed; the details have the reasons.
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
            try:
                cloudformation.update_stack(**request)
            except cloudformation.exceptions.ClientError as error:
                # As CodePipeline, which counts an action that changes nothing as done.
                if "No updates are to be performed" not in str(error):
                    raise
        return self._outputs(stack)

    def _template(self, stack: str, template: Template) -> dict[str, str]:
        """Return the template as request parameters: inline, or as an object in S3 if it is too large."""
        text = json.dumps(template)
        if len(text.encode()) <= MAX_TEMPLATE_BYTES:
            return {"TemplateBody": text}
        storage = self.client("s3")
        with suppress(storage.exceptions.BucketAlreadyOwnedByYou):
            storage.create_bucket(Bucket=TEMPLATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        storage.put_object(Bucket=TEMPLATE_BUCKET, Key=stack, Body=text.encode())
        return {"TemplateURL": f"{self.endpoint}/{TEMPLATE_BUCKET}/{stack}"}

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Map the logical id of each resource of a stack to its physical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        return {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for page in pages
            for resource in page["StackResourceSummaries"]
        }

    def _outputs(self, stack: str) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        deadline = time.monotonic() + DEPLOYMENT_TIMEOUT
        while (found := cloudformation.describe_stacks(StackName=stack)["Stacks"][0])["StackStatus"].endswith(
            "_IN_PROGRESS"
        ):
            if time.monotonic() > deadline:
                raise StackError(f"{stack} is still in {found['StackStatus']} after {DEPLOYMENT_TIMEOUT:.0f} s.")
            time.sleep(0.2)
        if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
            reasons = failure_reasons(events, found["CreationTime"].replace(microsecond=0))
            raise StackError(f"{stack} ended in {found['StackStatus']}:", details="\n".join(reasons))
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}


class Resolver:
    """Resolves the intrinsic functions in some values of the pipeline's template.

    The functions become outputs of the stack, so that CloudFormation itself evaluates them.
    """

    def __init__(self, *values: Any) -> None:
        texts = dict.fromkeys(json.dumps(each, sort_keys=True) for value in values for each in _intrinsics(value))
        self._names = {text: f"Walk{number}" for number, text in enumerate(texts)}
        self._outputs: Mapping[str, str] = {}

    def outputs(self) -> dict[str, Any]:
        """Return the outputs to add to the template."""
        return {name: {"Value": json.loads(text)} for text, name in self._names.items()}

    def deploy(self, account: Account, template: Template) -> None:
        """Deploy the pipeline's stack with these outputs. The resources that the local AWS lacks have no value."""
        wanted = {name: each for name, each in self.outputs().items() if self._exists(each, template)}
        outputs = {**template.get("Outputs", {}), **wanted}
        parameters = {name: each["Default"] for name, each in template.get("Parameters", {}).items()}
        self._outputs = account.deploy(STACK, template | {"Outputs": outputs}, parameters)

    @staticmethod
    def _exists(output: Mapping[str, Any], template: Template) -> bool:
        name = output["Value"].get("Ref", "AWS::")
        return name.startswith("AWS::") or name in template["Resources"] or name in template.get("Parameters", {})

    def __call__(self, value: Any) -> Any:
        """Return a value with all its intrinsic functions resolved."""
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
