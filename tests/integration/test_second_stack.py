"""Another team's stack attaches to ours using only our exports, and leaves no trace when it is removed."""

import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from local import emulator
from local.aws import LocalAws, child_environment
from local.deployment import architecture
from local.environments import ROOT, bin_of
from tests.e2e.customers import Customer, create, erase, eventually, update
from tests.integration.aws import Aws

EXAMPLE = ROOT / "docs/examples/consumer"
STACK = "FollowCustomersLocal"


def _sam(endpoint: str, *arguments: str) -> None:
    program = [str(bin_of("sam") / "sam"), *arguments]
    env = child_environment(endpoint) | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}
    done = subprocess.run(program, cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def customer(api: httpx.Client) -> Customer:
    """A customer from before the second stack."""
    return create(api)


@pytest.fixture(scope="module")
def attached(
    customer: Customer, outputs: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    """The second stack's outputs."""
    endpoint, build = outputs["EndpointUrl"], tmp_path_factory.mktemp("build")
    cloudformation = LocalAws(endpoint).cloudformation
    _sam(endpoint, "build", "--build-dir", str(build), "--build-in-source")
    try:
        _sam(endpoint, "deploy", "--template-file", str(build / "template.yaml"), "--stack-name", STACK, "--resolve-s3",
             "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar",
             "--parameter-overrides", "CustomersStage=local", f"Runtime=python{emulator.python_version()}",
             f"Architecture={architecture()}")  # fmt: skip
        [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        yield {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    finally:
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})


def test_it_follows_customers_from_the_first_event_that_it_sees(
    api: httpx.Client, aws: Aws, customer: Customer, attached: Mapping[str, str]
) -> None:
    update(api, customer, city="Paris", country="France")

    def home() -> Any:
        key: Any = {"customer_id": {"S": customer["id"]}, "item": {"S": "home"}}
        return aws.dynamodb.get_item(TableName=attached["Table"], Key=key, ConsistentRead=True).get("Item")

    def lives_in_paris() -> None:
        found = home()
        assert found
        assert (found["city"], found["country"]) == ({"S": "Paris"}, {"S": "France"})

    eventually(lives_in_paris)
    erase(api, customer)

    def is_forgotten() -> None:
        assert home() is None

    eventually(is_forgotten)


def test_our_stack_exports_what_it_needs(attached: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    exports = LocalAws(outputs["EndpointUrl"]).cloudformation.list_exports()["Exports"]

    assert {"local-customers-event-bus-name", "local-customers-event-bus-arn"} <= {each["Name"] for each in exports}
