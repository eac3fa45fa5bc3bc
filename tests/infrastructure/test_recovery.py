"""A stack can be pointed at a restored event table, be closed meanwhile, and say which epoch its events are of."""

import json
import re
from typing import Any

import pytest

from local.template import load_template
from tests.infrastructure.conditions import Template, applied

RESTORED = {"EventTableName": "restored-events-2", "EventStreamLabel": "2026-11-28T01:00:00.000", "Epoch": "2"}
ARN = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${EventTableName}"
STREAM = f"{ARN}/stream/${{EventStreamLabel}}"


@pytest.fixture(scope="module")
def whole() -> Template:
    """template.yml with all of its conditions."""
    return load_template()


@pytest.fixture(scope="module", params=["local", "production"])
def restored(request: pytest.FixtureRequest, whole: Template) -> Template:
    """The template for a stack with a restored event table."""
    return applied(whole, Stage=request.param, **RESTORED)


def mentions(template: Template) -> list[str]:
    """Every reference to the stack's own event table."""
    text = json.dumps(template)
    if "Dashboard" in template["Resources"]:
        # The dashboard's text gets the name from the values beside it.
        body, values = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
        text = text.replace(json.dumps(body), '""') if "EventTable" in values else text
    return re.findall(r'"Ref": "EventTable"|"GetAtt": "EventTable\.|\$\{EventTable[.}]', text)


def test_nothing_refers_to_the_own_table_of_a_stack_with_a_restored_one(restored: Template) -> None:
    assert "EventTable" not in restored["Resources"]
    assert mentions(restored) == []


def test_without_the_parameters_nothing_but_the_own_table_is_used(whole: Template) -> None:
    template = applied(whole)
    for resource in template["Resources"].values():
        # Empty without the parameter. With it, every function that uses the table gets a version.
        resource.get("Properties", {}).pop("VersionDescription", None)

    assert len(mentions(template)) > 20
    assert "table/${EventTableName}" not in json.dumps(template)


def test_new_versions_are_published_that_use_the_restored_table_and_the_epoch(whole: Template) -> None:
    """The aliases lead to published versions, and SAM hashes no values of parameters."""
    functions = {
        name: each["Properties"]
        for name, each in whole["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function" and "AutoPublishAlias" in each["Properties"]
    }
    for variable, parameter in (("EVENT_TABLE", "${EventTableName}"), ("EPOCH", "${Epoch}")):
        using = [each for each in functions.values() if variable in each.get("Environment", {}).get("Variables", {})]
        assert using
        for each in using:
            assert parameter in json.dumps(each["VersionDescription"]), each["Handler"]


def test_both_readers_of_the_stream_read_the_restored_table(restored: Template) -> None:
    resources = restored["Resources"]
    sources = [
        resources[f"{name}Mapping"]["Properties"]["EventSourceArn"] for name in ("ProjectCustomers", "PublishEvents")
    ]
    allowed = [
        statement["Resource"]
        for name in ("ProjectCustomers", "PublishEvents")
        for policy in resources[name]["Properties"]["Policies"]
        for statement in policy["Statement"]
        if statement["Sid"] == "ReadStream"
    ]

    assert sources == allowed == [{"Sub": STREAM}] * 2
    assert restored["Outputs"]["EventStreamArn"]["Value"] == {"Sub": STREAM}


def test_every_function_that_uses_events_uses_the_restored_table(whole: Template, restored: Template) -> None:
    own = applied(whole)["Resources"]
    functions = [
        name
        for name, each in own.items()
        if each["Type"] == "AWS::Serverless::Function"
        and "EVENT_TABLE" in each["Properties"].get("Environment", {}).get("Variables", {})
    ]

    assert {"CreateCustomer", "FinishErasures", "ProjectCustomers", "RebuildSegment", "VerifySegment"} <= set(functions)
    for name in functions:
        properties = restored["Resources"][name]["Properties"]
        assert properties["Environment"]["Variables"]["EVENT_TABLE"] == RESTORED["EventTableName"]
        assert {"Sub": ARN} in [
            statement["Resource"] for policy in properties["Policies"] for statement in policy["Statement"]
        ]
    assert restored["Outputs"]["EventTable"]["Value"] == RESTORED["EventTableName"]


def test_the_damaged_table_stays_when_the_stack_gives_it_up(whole: Template) -> None:
    table = whole["Resources"]["EventTable"]

    assert table["Condition"] == "OwnsEventTable"
    # On creation alone, a table may go: https://docs.aws.amazon.com/AWSCloudFormation, "DeletionPolicy attribute".
    assert table["DeletionPolicy"] in ("Retain", "RetainExceptOnCreate")
    assert table["UpdateReplacePolicy"] == "Retain"


def test_the_publisher_and_the_operators_know_the_epoch(whole: Template, restored: Template) -> None:
    for template, epoch in ((applied(whole), "1"), (restored, "2")):
        assert template["Resources"]["PublishEvents"]["Properties"]["Environment"]["Variables"]["EPOCH"] == epoch
        assert template["Outputs"]["Epoch"]["Value"] == epoch


def of_the_api(template: Template) -> set[str]:
    """The functions behind the routes of customers."""
    return {
        name
        for name, each in template["Resources"].items()
        for event in each["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
        and event["Properties"]["Path"].startswith("/customers")
        and event["Properties"]["Method"] != "OPTIONS"
    }


@pytest.mark.parametrize("more", [{}, {"ReadConcurrency": "7"}])
def test_a_closed_api_runs_none_of_its_functions_and_an_open_one_is_as_before(
    whole: Template, more: dict[str, str]
) -> None:
    closed, is_open = applied(whole, Closed="true", **more), applied(whole, Closed="false", **more)

    def reserved(template: Template) -> dict[str, Any]:
        nothing = {"Ref": "AWS::NoValue"}
        found = {
            name: each["Properties"].get("ReservedConcurrentExecutions", nothing)
            for name, each in template["Resources"].items()
        }
        return {name: value for name, value in found.items() if value != nothing}

    assert reserved(closed) == dict.fromkeys(of_the_api(closed), 0)
    assert len(of_the_api(closed)) == 6
    readers = ("GetAllCustomers", "GetCustomer", "SearchCustomers", "GetStatistics")
    assert reserved(is_open) == (dict.fromkeys(readers, "7") if more else {})


def test_the_log_of_erasures_has_only_ids_and_nobody_may_remove_one(whole: Template) -> None:
    table = whole["Resources"]["ErasureLogTable"]["Properties"]
    actions = {
        action
        for each in whole["Resources"].values()
        for policy in each.get("Properties", {}).get("Policies", ())
        if isinstance(policy, dict)
        for statement in policy.get("PolicyDocument", policy).get("Statement", ())
        if "ErasureLogTable" in json.dumps(statement["Resource"])
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }

    assert [each["AttributeName"] for each in table["AttributeDefinitions"]] == ["customer_id"]
    assert "TimeToLiveSpecification" not in table
    assert actions == {"dynamodb:PutItem"}
