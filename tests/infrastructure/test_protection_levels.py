"""What a stage has at each level of protection, and that it hangs together."""

import json
from functools import cache
from itertools import product
from typing import Any

import pytest

from tests.infrastructure import sam
from tests.infrastructure.evaluation import Evaluation
from tests.infrastructure.references import referred_to
from tests.infrastructure.sam import Deployment

Template = dict[str, Any]
KEY = "arn:aws:kms:eu-west-1:123456789012:key/given"
# A key may be handed over at any level.
STAGES = [
    {"Stage": stage, "Protection": protection, "DataKeyArn": key}
    for stage, protection, key in product(
        ("local", "staging", "production", "ada2"), ("full", "basic"), ("", KEY)
    )
] + [
    {"Stage": "production", "AllowedOrigins": "https://shop.example.com", "GradualDeployment": "true"},
    {"Stage": "production", "AlarmEmail": "a@example.com", "MonthlyBudget": "50", "SetsGatewayAccount": "true"},
    {"Stage": "production", "MaxReadUnits": "500", "MaxWriteUnits": "100", "StreamParallelism": "3"},
    {"Stage": "production", "MaxWriteUnits": "100"},
    {"Stage": "production", "EventTableName": "restored", "EventStreamLabel": "2026-11-28T01:00:00.000"},
]  # fmt: skip
ONLY_FULL = {
    "AWS::CloudWatch::Dashboard",
    "AWS::Logs::MetricFilter",
    "AWS::WAFv2::LoggingConfiguration",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}


@cache
def template() -> Template:
    [found] = sam.transformed([Deployment(parameters={"Stage": "production", "GradualDeployment": "true"})])
    return found


def evaluated(**parameters: str) -> Evaluation:
    return Evaluation(template(), parameters)


def named(parameters: dict[str, str]) -> str:
    return " ".join(value.rpartition("/")[2] for value in parameters.values())


@pytest.mark.parametrize("parameters", STAGES, ids=named)
def test_nothing_refers_to_a_resource_that_is_not_created(parameters: dict[str, str]) -> None:
    evaluation = Evaluation(template(), parameters)
    created, all_resources = evaluation.created(), template()["Resources"]

    for name, resource in created.items():
        evaluation.value(resource.get("Properties", {}))  # raises for a resource that is missing
        depends_on = resource.get("DependsOn", [])
        for needed in [depends_on] if isinstance(depends_on, str) else depends_on:
            assert needed in created or needed not in all_resources, name
    outputs = {name: each for name, each in template()["Outputs"].items() if evaluation.holds_for(each)}
    evaluation.value(outputs)
    assert {each for value in outputs.values() for each in referred_to(evaluation.value(value))} == set()


@pytest.mark.parametrize("stage", ["staging", "production", "ada2"])
def test_basic_has_none_of_what_costs_without_traffic_but_two_alarms(stage: str) -> None:
    created = evaluated(Stage=stage, Protection="basic").created()
    kinds = {each["Type"] for each in created.values()}
    alarms = {name for name, each in created.items() if each["Type"] == "AWS::CloudWatch::Alarm"}

    assert not kinds & (ONLY_FULL | {"AWS::KMS::Key", "AWS::KMS::Alias", "AWS::Budgets::Budget"})
    # Batches that were given up are lost if nobody looks.
    assert alarms == {"ProjectionFailures", "PublishFailures"}


def test_full_has_all_of_it() -> None:
    created = evaluated(Stage="staging", Protection="full").created()

    assert {each["Type"] for each in created.values()} >= ONLY_FULL | {"AWS::KMS::Key", "AWS::KMS::Alias"}


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_basic_is_encrypted_with_keys_of_aws(stage: str) -> None:
    evaluation = evaluated(Stage=stage, Protection="basic")

    for properties in evaluation.resources("AWS::SQS::Queue").values():
        assert (properties["SqsManagedSseEnabled"], "KmsMasterKeyId" in properties) == (True, False)
    for properties in evaluation.resources("AWS::DynamoDB::Table").values():
        assert properties["SSESpecification"] == {"SSEEnabled": True}
    others = ("AWS::SNS::Topic", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret", "AWS::Events::EventBus")
    for kind in others:
        assert evaluation.resources(kind)
        assert "Key" not in json.dumps([sorted(each) for each in evaluation.resources(kind).values()])


def test_a_key_that_is_handed_over_is_used_at_every_level() -> None:
    for protection in ("full", "basic"):
        evaluation = evaluated(Stage="staging", Protection=protection, DataKeyArn=KEY)

        assert not evaluation.resources("AWS::KMS::Key")
        for properties in evaluation.resources("AWS::DynamoDB::Table").values():
            assert properties["SSESpecification"]["KMSMasterKeyId"] == KEY
        assert {each["PolicyName"] for each in evaluation.resources("AWS::IAM::Policy").values()} >= {
            "use-encrypted-tables", "use-encrypted-queues", "use-encrypted-secret", "use-encrypted-stream",
        }  # fmt: skip


def test_snapshots_need_production_and_full_protection() -> None:
    def snapshots(**parameters: str) -> set[str]:
        functions = evaluated(**parameters).resources("AWS::Lambda::Function")
        return {name for name, each in functions.items() if each.get("SnapStart") == {"ApplyOn": "PublishedVersions"}}

    assert len(snapshots(Stage="production")) == 7
    assert not snapshots(Stage="production", Protection="basic")
    assert not snapshots(Stage="ada2")


@pytest.mark.parametrize("protection", ["full", "basic"])
def test_any_other_stage_is_like_staging_under_another_name(protection: str) -> None:
    def resources(stage: str) -> str:
        evaluation = evaluated(Stage=stage, Protection=protection)
        found = {name: evaluation.value(each.get("Properties", {})) for name, each in evaluation.created().items()}
        return json.dumps(found, sort_keys=True).replace(stage, "STAGE")

    assert resources("ada2") == resources("staging")


def test_a_budget_needs_an_address_to_tell() -> None:
    given = {"Stage": "staging", "MonthlyBudget": "50"}
    [budget] = evaluated(**given, AlarmEmail="a@example.com").resources("AWS::Budgets::Budget").values()

    assert not evaluated(**given).resources("AWS::Budgets::Budget")
    assert not evaluated(Stage="staging", AlarmEmail="a@example.com").resources("AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "50", "Unit": "USD"}
    thresholds = [
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"], each["Subscribers"][0]["Address"])
        for each in budget["NotificationsWithSubscribers"]
    ]
    assert thresholds == [
        ("ACTUAL", 50, "a@example.com"),
        ("ACTUAL", 80, "a@example.com"),
        ("ACTUAL", 100, "a@example.com"),
        ("FORECASTED", 100, "a@example.com"),
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"MaxReadUnits": "500"}, {"MaxReadRequestUnits": "500"}),
        ({"MaxWriteUnits": "40"}, {"MaxWriteRequestUnits": "40"}),
        ({"MaxReadUnits": "9", "MaxWriteUnits": "8"}, {"MaxReadRequestUnits": "9", "MaxWriteRequestUnits": "8"}),
    ],
    ids=str,
)
def test_every_table_and_index_has_the_ceilings(given: dict[str, str], expected: dict[str, str] | None) -> None:
    tables = evaluated(Stage="staging", **given).resources("AWS::DynamoDB::Table")
    parts = [part for table in tables.values() for part in (table, *table.get("GlobalSecondaryIndexes", ()))]

    assert len(parts) >= 8
    assert [part.get("OnDemandThroughput") for part in parts] == [expected] * len(parts)


@pytest.mark.parametrize(("given", "expected"), [("1", {None}), ("4", {"4"})])
def test_both_readers_of_the_stream_read_in_parallel(given: str, expected: set[str | None]) -> None:
    mappings = evaluated(Stage="staging", StreamParallelism=given).resources("AWS::Lambda::EventSourceMapping")
    of_stream = [each for each in mappings.values() if "StreamArn" in each["EventSourceArn"]]

    assert len(of_stream) == 2
    assert {each.get("ParallelizationFactor") for each in of_stream} == expected
