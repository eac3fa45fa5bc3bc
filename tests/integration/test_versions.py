"""A changed setting reaches the alias `live` on a deployed stack, and the version before it is deleted."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from local import deployment, emulator
from local.aws import LocalAws
from operations.jobs.versions import VersionRegistry, functions_of
from tests.infrastructure import sam
from tests.infrastructure.sam import Deployment

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "VersionsLocal"
FUNCTION = "RebuildControl"
TEXT = deployment.TEMPLATE.read_text()
PARAMETERS = {"Stage": "local", "Runtime": f"python{emulator.python_version()}", "RebuildRate": "1000"}


def alone(text: str) -> str:
    """template.yml after SAM's transformation, reduced to one function with its version and its alias."""
    [template] = sam.transformed([Deployment(text, PARAMETERS)])
    resources = template["Resources"]
    function = resources[FUNCTION]["Properties"]
    variables = function["Environment"]["Variables"]
    function |= {
        "Code": {"ZipFile": "def handle(event, context): return event\n"},
        "Handler": "index.handle",
        "Layers": [],
        "Role": "arn:aws:iam::000000000000:role/any",
        "Environment": {"Variables": {name: variables[name] for name in ("REBUILD_RATE", "LOG_LEVEL")}},
    }
    function.pop("LoggingConfig", None)
    [version] = [name for name in resources if name.startswith(f"{FUNCTION}Version")]
    kept = {name: resources[name] for name in (FUNCTION, version, f"{FUNCTION}Aliaslive")}
    return json.dumps({"Parameters": template["Parameters"], "Conditions": template["Conditions"], "Resources": kept})


class DeployedFunction:
    """The stack with the one function."""

    def __init__(self, aws: LocalAws, cloudformation: "CloudFormationClient") -> None:
        self._lambda: Any = aws.functions
        self._cloudformation = cloudformation

    def deploy(self, text: str, **changed: str) -> None:
        given: Any = [{"ParameterKey": k, "ParameterValue": v} for k, v in (PARAMETERS | changed).items()]
        operation, waiter = (
            (self._cloudformation.update_stack, "stack_update_complete")
            if self._exists()
            else (self._cloudformation.create_stack, "stack_create_complete")
        )
        operation(StackName=STACK, TemplateBody=alone(text), Parameters=given)
        self._cloudformation.get_waiter(waiter).wait(StackName=STACK, WaiterConfig={"Delay": 1})  # type: ignore[call-overload]

    def live(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._lambda.get_function_configuration(FunctionName=self._name(), Qualifier="live")
        return found

    def published(self) -> list[str]:
        versions = self._lambda.list_versions_by_function(FunctionName=self._name())["Versions"]
        return [each["Version"] for each in versions if each["Version"] != "$LATEST"]

    def publish(self, description: str) -> str:
        """Publish a version beside CloudFormation, as releases that kept all versions left them."""
        self._lambda.update_function_configuration(FunctionName=self._name(), Description=description)
        return str(self._lambda.publish_version(FunctionName=self._name())["Version"])

    def point_to(self, version: str) -> None:
        self._lambda.update_alias(FunctionName=self._name(), Name="live", FunctionVersion=version)

    def registry(self) -> VersionRegistry:
        return VersionRegistry(self._lambda, lambda: functions_of(self._cloudformation, STACK))

    def _name(self) -> str:
        found = self._cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=FUNCTION)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def _exists(self) -> bool:
        stacks = self._cloudformation.describe_stacks()["Stacks"]
        return any(each["StackName"] == STACK and each["StackStatus"] != "DELETE_COMPLETE" for each in stacks)


@pytest.fixture
def function(outputs: Mapping[str, str]) -> Iterator[DeployedFunction]:
    aws = LocalAws(outputs["EndpointUrl"])
    try:
        yield DeployedFunction(aws, aws.cloudformation)
    finally:
        aws.cloudformation.delete_stack(StackName=STACK)
        aws.cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})


def test_a_changed_setting_or_parameter_is_what_callers_get(function: DeployedFunction) -> None:
    function.deploy(TEXT)
    first = function.live()
    assert first["Environment"]["Variables"]["REBUILD_RATE"] == "1000"

    function.deploy(TEXT, RebuildRate="777")
    second = function.live()
    assert second["Environment"]["Variables"]["REBUILD_RATE"] == "777"
    assert second["Version"] != first["Version"]

    longer = TEXT.replace("      Timeout: 30\n", "      Timeout: 31\n")
    assert longer != TEXT
    function.deploy(longer, RebuildRate="777")
    third = function.live()
    assert third["Timeout"] == 31
    assert function.published() == [third["Version"]]


def test_versions_that_nothing_uses_are_found_and_deleted(function: DeployedFunction) -> None:
    function.deploy(TEXT)
    published = [function.publish(description) for description in ("second", "third", "fourth")]
    function.point_to(published[-1])
    first, second, third, fourth = sorted(function.published(), key=int)

    [found] = function.registry().all()
    assert (found.in_use, found.outdated(keep=1)) == ({int(fourth)}, [int(first), int(second)])

    for number in found.outdated(keep=1):
        function.registry().delete(found.function, number)
    assert sorted(function.published(), key=int) == [third, fourth]
