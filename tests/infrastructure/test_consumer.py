"""The consumers of the bus are set up correctly in the template, also where the local AWS would not notice."""

import json
from typing import Any, Final

import pytest

from consumer_kit import MAX_RECEIVES
from local.environments import ROOT
from local.template import load_template

TEMPLATE: Final = load_template()
EXAMPLE: Final = load_template(ROOT / "docs/examples/consumer/template.yml")
# (template; rule, queue, dead-letter queue, queue policy and function of a consumer in it)
CONSUMERS: Final = [
    (TEMPLATE, "WelcomeRule", "WelcomeQueue", "WelcomeDeadLetterQueue", "WelcomeQueuePolicy", "WelcomeCustomers"),
    (EXAMPLE, "Rule", "Queue", "DeadLetterQueue", "QueuePolicy", "FollowCustomers"),
]


@pytest.fixture(params=CONSUMERS, ids=["welcome", "second stack"])
def consumer(request: pytest.FixtureRequest) -> tuple[dict[str, Any], ...]:
    """The properties of a consumer's rule, queue, dead-letter queue, policy and function."""
    template, *names = request.param
    return tuple(template["Resources"][name]["Properties"] for name in names)


@pytest.mark.parametrize("template", [TEMPLATE, EXAMPLE], ids=["ours", "second stack"])
def test_only_the_event_table_keeps_events(template: dict[str, Any]) -> None:
    """An archive on the bus would keep personal data that no erasure reaches."""
    assert "AWS::Events::Archive" not in {resource["Type"] for resource in template["Resources"].values()}


def test_a_rule_matches_every_event_type(consumer: Any) -> None:
    """A type that the rule left out would be a gap in a customer's versions, or an erasure that never arrives."""
    rule, *_ = consumer

    assert rule["EventPattern"] == {"source": ["customers"]}


def test_undeliverable_and_failed_messages_are_kept(consumer: Any) -> None:
    rule, queue, dead_letters, *_ = consumer
    [target] = rule["Targets"]

    assert target["DeadLetterConfig"]["Arn"] == queue["RedrivePolicy"]["deadLetterTargetArn"]
    assert not set(target) & {"Input", "InputPath", "InputTransformer"}
    assert dead_letters["MessageRetentionPeriod"] >= queue["MessageRetentionPeriod"]


def test_a_person_is_forgotten_within_the_queues_retention(consumer: Any) -> None:
    """An erasure reaches no message in a queue, so the retention is the longest that personal data stays in one."""
    _, queue, dead_letters, *_ = consumer
    four_days = 4 * 86_400

    assert max(queue["MessageRetentionPeriod"], dead_letters["MessageRetentionPeriod"]) <= four_days


def test_the_consumer_gives_a_message_up_without_its_data_before_sqs_moves_it_with_its_data(consumer: Any) -> None:
    _, queue, *_ = consumer

    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 2 * MAX_RECEIVES


def test_an_outage_of_an_hour_makes_no_dead_letter(consumer: Any) -> None:
    """A failed message is received again once it is visible, so at most once in each visibility timeout."""
    _, queue, *_ = consumer

    assert MAX_RECEIVES * queue["VisibilityTimeout"] > 3600


def test_queues_are_encrypted_and_accept_messages_only_from_the_rule(consumer: Any) -> None:
    _, queue, dead_letters, policy, _ = consumer
    [statement] = policy["PolicyDocument"]["Statement"]

    assert queue["SqsManagedSseEnabled"]
    assert dead_letters["SqsManagedSseEnabled"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    [source] = statement["Condition"]["ArnEquals"].values()
    assert source["GetAtt"].endswith("Rule.Arn")
    assert policy["Queues"] == [
        {"Ref": queue_arn["GetAtt"].removesuffix(".Arn")} for queue_arn in statement["Resource"]
    ]


def test_a_message_stays_hidden_while_a_function_may_process_it(consumer: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function's timeout."""
    _, queue, _, _, function = consumer
    timeout = function.get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])

    assert queue["VisibilityTimeout"] >= 6 * timeout


def test_a_consumer_reports_failures_per_message() -> None:
    mapping = TEMPLATE["Resources"]["WelcomeMapping"]["Properties"]
    [source] = EXAMPLE["Resources"]["FollowCustomers"]["Properties"]["Events"].values()

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_example_consumer_has_no_access_to_the_service_s_resources(functions: dict[str, Any]) -> None:
    policies = json.dumps(functions["WelcomeCustomers"]["Policies"])

    for resource in ("EventTable", "ReadTable", "ClaimsTable", "CustomersBus"):
        assert resource not in policies


def test_the_welcome_table_has_no_backups_that_would_outlive_an_erasure() -> None:
    assert "PointInTimeRecoverySpecification" not in TEMPLATE["Resources"]["WelcomeTable"]["Properties"]
