"""The Postman collection and the `.http` file sign in, and create, read, change and erase a customer."""

import json
import re

import pytest

from contracts.openapi.document import openapi_document
from contracts.openapi.files import HTTP, POSTMAN
from contracts.openapi.requests import sample_requests
from local.environments import STATE
from tests.clients.conftest import Desk, blocks
from tests.conftest import LocalStack
from tests.e2e.target import Target
from tests.e2e.tokens import machine_secret

EXPECTED = [200, *(request.status for request in sample_requests(openapi_document()))]


@pytest.fixture(scope="module")
def variables(target: Target) -> dict[str, str]:
    """What a person fills in."""
    return {
        "ApiEndpoint": target.api,
        "TokenEndpoint": target.token_endpoint,
        "MachineClientId": target.machine_client_id,
        "MachineClientSecret": machine_secret(target),
    }


def test_the_guide_prints_the_secret_of_the_local_stack(
    desk: Desk, local_stack: LocalStack, variables: dict[str, str]
) -> None:
    [block] = blocks("Postman and editors")
    (desk.folder / ".local").mkdir()
    (desk.folder / ".local" / "venvs").symlink_to(STATE / "venvs")
    desk.write(".local/outputs.json", json.dumps(dict(local_stack.outputs)))

    assert desk.succeed(block).strip() == variables["MachineClientSecret"]


def test_newman_runs_the_collection(desk: Desk, variables: dict[str, str]) -> None:
    collection = json.loads(POSTMAN.read_text())
    for each in collection["variable"]:
        each["value"] = variables.get(each["key"], each["value"])
    desk.write("collection.json", json.dumps(collection))

    desk.succeed("npm exec -- newman run collection.json --reporters json --reporter-json-export newman.json")

    run = json.loads((desk.folder / "newman.json").read_text())["run"]
    assert [each["response"]["code"] for each in run["executions"]] == EXPECTED
    assert run["failures"] == []


def test_httpyac_sends_the_file(desk: Desk, variables: dict[str, str]) -> None:
    text = HTTP.read_text()
    for name, value in variables.items():
        [line] = re.findall(rf"^@{name} = .*$", text, re.MULTILINE)
        text = text.replace(line, f"@{name} = {value}")
    desk.write("requests.http", text)

    desk.succeed("npm exec -- httpyac send requests.http --all --json > httpyac.json")

    sent = json.loads((desk.folder / "httpyac.json").read_text())["requests"]
    assert [each["response"]["statusCode"] for each in sent] == EXPECTED
