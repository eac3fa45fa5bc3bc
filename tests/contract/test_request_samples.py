"""The request samples and their environment are right: `sam local invoke` would find what it needs.

Each function runs in its own process with exactly the variables from events/env.json and template.yml.
"""

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from local import tables
from local.environments import ROOT
from local.template import load_template
from tests.event_log import events_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ENVIRONMENT: dict[str, dict[str, str]] = json.loads((ROOT / "events/env.json").read_text())
TEMPLATE = load_template()
FUNCTIONS = {n: r["Properties"] for n, r in TEMPLATE["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
COMMON = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
INVOKE = """
import importlib, json, sys
from types import SimpleNamespace
module, _, name = sys.argv[1].rpartition(".")
context = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")
answer = getattr(importlib.import_module(module), name)(json.load(sys.stdin), context)
print(json.dumps(answer))
"""


def sample(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "events" / f"{name}-request.json").read_text())
    return document


def invoke(function: str, event: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Run a function as `sam local invoke` would, with DynamoDB Local at an address outside Docker."""
    variables = {
        **{name: value for name, value in COMMON.items() if isinstance(value, str)},
        **ENVIRONMENT[function],
        "STAGE": "local",
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PATH": os.defpath,
    }
    command = [sys.executable, "-W", "error", "-c", INVOKE, FUNCTIONS[function]["Handler"]]
    done = subprocess.run(
        command, input=json.dumps(event), env=variables, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


# These need more than DynamoDB: a bus, a queue, CodeDeploy, or the API's stage.
NOT_ALONE = {"AnswerPreflight", "CreateCustomerPreTraffic", "PublishEvents", "ShowDocs", "WelcomeCustomers"}


def test_the_environment_is_the_templates() -> None:
    assert set(ENVIRONMENT) == set(FUNCTIONS) - NOT_ALONE


@pytest.mark.parametrize("function", sorted(ENVIRONMENT))
def test_each_functions_variables_are_the_templates(function: str) -> None:
    """`sam local` silently drops a variable that the template does not declare."""
    own = FUNCTIONS[function].get("Environment", {}).get("Variables", {})

    assert set(own) <= set(ENVIRONMENT[function]) <= set(own) | set(COMMON)


@pytest.mark.parametrize("function", sorted(ENVIRONMENT))
def test_each_table_is_the_one_of_the_local_stage(function: str) -> None:
    own = FUNCTIONS[function]["Environment"]["Variables"]
    definitions = tables.from_template()

    named = {
        name: source["Ref"]
        for name, source in own.items()
        if isinstance(source, dict) and source.get("Ref") in definitions
    }

    assert named
    assert {name: ENVIRONMENT[function][name] for name in named} == {
        name: definitions[table]["TableName"] for name, table in named.items()
    }


def test_the_samples_create_a_customer_and_find_it_in_the_list(amazons_dynamodb: "DynamoDBClient") -> None:
    endpoint = amazons_dynamodb.meta.endpoint_url

    created = invoke("CreateCustomer", sample("create-customer"), endpoint)

    assert created["statusCode"] == 201
    customer = json.loads(created["body"])
    store = DynamoDbEventStore(amazons_dynamodb, ENVIRONMENT["CreateCustomer"]["EVENT_TABLE"])
    [event] = events_of(store, customer["id"])
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": to_item(event)}}
    assert invoke("ProjectCustomers", {"Records": [record]}, endpoint) == {"batchItemFailures": []}

    listed = invoke("GetAllCustomers", sample("get-all-customers"), endpoint)
    assert listed["statusCode"] == 200
    assert customer in json.loads(listed["body"])["customers"]

    found = invoke("SearchCustomers", sample("search-customers"), endpoint)
    assert (found["statusCode"], json.loads(found["body"])) == (200, {"customers": [customer], "next_cursor": None})

    counted = invoke("GetStatistics", sample("get-statistics"), endpoint)
    assert counted["statusCode"] == 200
    assert "united kingdom" in {each["group"] for each in json.loads(counted["body"])["groups"]}

    one = sample("get-all-customers") | {
        "pathParameters": {"customer_id": customer["id"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
    }
    found = invoke("GetCustomer", one, endpoint)
    assert (found["statusCode"], json.loads(found["body"]), found["headers"]["ETag"]) == (200, customer, '"1"')
