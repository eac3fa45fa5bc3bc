"""What `status` reads of a stack on AWS, on moto: mappings, their lag, queues and alarms."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from moto import mock_aws

from operations.jobs.health.connection import health_source
from operations.jobs.health.mappings import MappingClients, mapping_readings
from operations.jobs.health.readings import ActiveAlarm, HealthSource, MappingReading, QueueDepth, RouteReading
from operations.jobs.health.routes import route_readings
from tests.infrastructure.operations.moto_clients import moto_client

STACK, STAGE = "CustomersApiStaging", "staging"
TEMPLATE: Final = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "staging-customers-welcome"}},
        "Failures": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "staging-customers-projection-failures"}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "project",
                "Runtime": "python3.13",
                "Handler": "index.handle",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handle(*_): ..."},
            },
        },
        "ProjectCustomersMapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": ["Table", "StreamArn"]},
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 100,
            },
        },
        "CustomersBus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "staging-customers"}},
        "WelcomeRule": {
            "Type": "AWS::Events::Rule",
            # moto does not resolve a reference here.
            "DependsOn": "CustomersBus",
            "Properties": {
                "Name": "welcome",
                "EventBusName": "staging-customers",
                "EventPattern": {"source": ["customers"]},
            },
        },
        "FinishErasuresNoted": {
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": "noted", "ScheduleExpression": "rate(1 minute)"},
        },
        "WelcomeMapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "BatchSize": 10,
            },
        },
    },
    "Outputs": {
        "ProjectionFailureQueueUrl": {"Value": {"Ref": "Failures"}},
        "WelcomeQueueUrl": {"Value": {"Ref": "Queue"}},
    },
}


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    # moto intercepts calls to AWS's own addresses only.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # Otherwise moto would invoke the functions, in containers.
    with mock_aws(config={"lambda": {"use_docker": False}}):
        stacks = moto_client("cloudformation")
        stacks.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
        [stack] = stacks.describe_stacks(StackName=STACK)["Stacks"]
        named = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        yield {**named, "StackName": STACK, "EventBusName": "staging-customers"}


@pytest.fixture
def health(outputs: dict[str, str]) -> HealthSource:
    return health_source(moto_client, outputs, None)


def measure(namespace: str, name: str, value: float, at: datetime, **dimensions: str) -> None:
    moto_client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": each} for key, each in dimensions.items()],
                "Timestamp": at,
                "Value": value,
            }
        ],
    )


def mapping(name: str) -> str:
    resource = moto_client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def stop(name: str) -> None:
    """Disable a mapping, so that moto does not empty its queue."""
    moto_client("lambda").update_event_source_mapping(UUID=mapping(name), Enabled=False)


def test_mappings_without_invocations_have_a_state_and_no_lag(health: HealthSource) -> None:
    assert health.mappings() == [
        MappingReading("ProjectCustomersMapping", "Enabled", works=True),
        MappingReading("WelcomeMapping", "Enabled", works=True, events=0),
    ]


def test_the_lag_is_what_the_last_invocation_reported(health: HealthSource) -> None:
    now = datetime.now(UTC)
    measure("AWS/Lambda", "IteratorAge", 90_500, now - timedelta(minutes=3), FunctionName="project")
    measure("AWS/Lambda", "IteratorAge", 30_500, now - timedelta(minutes=1), FunctionName="project")
    measure("AWS/Lambda", "IteratorAge", 1, now, FunctionName="another")
    dimensions = {"service": "customers", "stage": STAGE}
    measure("CustomersApi", "EventsBehind", 100, now - timedelta(minutes=1), **dimensions)
    measure("CustomersApi", "EventsBehind", 7, now, service="customers", stage="production")

    [projector, _] = health.mappings()

    assert (projector.seconds, projector.events, projector.more) == (30.5, 100, True)


def test_a_value_of_earlier_is_no_lag_of_now(outputs: dict[str, str]) -> None:
    now = datetime.now(UTC)
    measure("AWS/Lambda", "IteratorAge", 90_500, now - timedelta(minutes=7), FunctionName="project")
    clients = MappingClients(*map(moto_client, ("cloudformation", "lambda", "sqs", "cloudwatch")))

    [projector, _] = mapping_readings(clients, STACK, STAGE, lambda: now)

    assert projector.seconds is None


def test_a_mapping_of_a_queue_is_as_far_behind_as_the_queue(health: HealthSource, outputs: dict[str, str]) -> None:
    stop("WelcomeMapping")
    for _ in range(3):
        moto_client("sqs").send_message(QueueUrl=outputs["WelcomeQueueUrl"], MessageBody="{}")
    a_moment_ago = datetime.now(UTC) - timedelta(seconds=30)
    measure("AWS/SQS", "ApproximateAgeOfOldestMessage", 42, a_moment_ago, QueueName="staging-customers-welcome")

    [_, welcome] = health.mappings()

    assert (welcome.events, welcome.seconds) == (3, 42)


def test_a_mapping_that_was_disabled_or_deleted_by_hand_does_not_work(health: HealthSource) -> None:
    stop("ProjectCustomersMapping")
    moto_client("lambda").delete_event_source_mapping(UUID=mapping("WelcomeMapping"))

    found = {each.name: (each.state, each.works) for each in health.mappings()}

    assert found == {"ProjectCustomersMapping": ("Disabled", False), "WelcomeMapping": ("deleted", False)}


class Troubled:
    """Lambda, whose mappings could not invoke their function. moto's always could."""

    exceptions = property(lambda _: moto_client("lambda").exceptions)

    def get_event_source_mapping(self, **which: str) -> Any:
        found = moto_client("lambda").get_event_source_mapping(**which)
        return {**found, "LastProcessingResult": "PROBLEM: Function call failed"}


def test_what_lambda_says_of_the_last_attempt_is_passed_on(outputs: dict[str, str]) -> None:
    source = health_source(lambda name: Troubled() if name == "lambda" else moto_client(name), outputs, None)

    assert [each.trouble for each in source.mappings()] == ["PROBLEM: Function call failed"] * 2


def test_a_bus_and_rules_that_were_disabled_or_deleted_by_hand_are_noticed(health: HealthSource) -> None:
    names = ("CustomersBus", "FinishErasuresNoted", "WelcomeRule")
    assert health.routes() == [RouteReading(name, "ENABLED") for name in names]

    events = moto_client("events")
    events.disable_rule(Name="noted")
    events.delete_rule(Name="welcome", EventBusName="staging-customers")
    events.delete_event_bus(Name="staging-customers")

    assert health.routes() == [
        RouteReading(name, state) for name, state in zip(names, ("deleted", "DISABLED", "deleted"), strict=True)
    ]


class NamedByTheBus:
    """CloudFormation, which calls a rule on a bus `bus|rule`. moto does not."""

    def get_paginator(self, operation: str) -> "NamedByTheBus":
        self._pages = moto_client("cloudformation").get_paginator(operation)
        return self

    def paginate(self, **which: str) -> Iterator[Any]:
        for page in self._pages.paginate(**which):
            for each in page["StackResourceSummaries"]:
                if each["LogicalResourceId"] == "WelcomeRule":
                    each["PhysicalResourceId"] = f"staging-customers|{each['PhysicalResourceId']}"
            yield page


def test_a_rule_on_a_bus_is_found_by_the_name_that_cloudformation_gives_it(outputs: dict[str, str]) -> None:
    named: Any = NamedByTheBus()

    found = route_readings(named, moto_client("events"), STACK, "staging-customers")

    assert RouteReading("WelcomeRule", "ENABLED") in list(found)


def test_messages_that_somebody_is_reading_count_and_failure_queues_come_first(
    health: HealthSource, outputs: dict[str, str]
) -> None:
    stop("WelcomeMapping")
    for name in ("WelcomeQueueUrl", "ProjectionFailureQueueUrl"):
        for _ in range(2):
            moto_client("sqs").send_message(QueueUrl=outputs[name], MessageBody="{}")
        moto_client("sqs").receive_message(QueueUrl=outputs[name], VisibilityTimeout=60)

    assert health.queues() == [
        QueueDepth("ProjectionFailureQueue", 2, is_for_failures=True),
        QueueDepth("WelcomeQueue", 2, is_for_failures=False),
    ]


def test_only_the_stage_s_own_alarms_that_are_on_are_listed(health: HealthSource) -> None:
    watched = {
        "staging-customers-publish-errors": "ALARM",
        "staging-customers-many-blocked": "OK",
        "production-customers-many-blocked": "ALARM",
    }
    for name, state in watched.items():
        moto_client("cloudwatch").put_metric_alarm(
            AlarmName=name, MetricName="m", Namespace="n", Period=60, Statistic="Sum", Threshold=0,
            EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
        moto_client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="1 > 0")

    [alarm] = health.alarms()

    assert alarm == ActiveAlarm("staging-customers-publish-errors", "publish-errors", alarm.since, "1 > 0")
    assert alarm.since.startswith(f"{datetime.now(UTC):%Y-%m-%dT}")
