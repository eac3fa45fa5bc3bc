"""What the template must say of the bus's consumers, whatever the local AWS makes of it."""

import json
from typing import Any, Final

import pytest

from local.environments import ROOT
from local.template import load_template

TEMPLATE: Final = load_template()
EXAMPLE: Final = load_template(ROOT / "docs/examples/consumer/template.yml")
# (the template, then of a consumer in it: rule, queue, dead letters, policy, function)
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
def test_nothing_but_the_event_table_keeps_events(template: dict[str, Any]) -> None:
    """An archive on the bus would keep personal data that no erasure reaches."""
    assert "AWS::Events::Archive" not in {resource["Type"] for resource in template["Resources"].values()}


def test_a_rule_leaves_no_type_out(consumer: Any) -> None:
    """A type that was left out would be a gap in its customer's versions, or an erasure that is never heard of."""
    rule, *_ = consumer

    assert rule["EventPattern"] == {"source": ["customers"]}


def test_what_cannot_be_delivered_and_what_fails_is_kept(consumer: Any) -> None:
    rule, queue, dead_letters, *_ = consumer
    [target] = rule["Targets"]

    assert target["DeadLetterConfig"]["Arn"] == queue["RedrivePolicy"]["deadLetterTargetArn"]
    assert not set(target) & {"Input", "InputPath", "InputTransformer"}
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    four_days = 345600
    assert dead_letters["MessageRetentionPeriod"] > queue.get("MessageRetentionPeriod", four_days)


def test_queues_are_encrypted_and_take_messages_from_the_rule_alone(consumer: Any) -> None:
    _, queue, dead_letters, policy, _ = consumer
    [statement] = policy["PolicyDocument"]["Statement"]

    assert queue["SqsManagedSseEnabled"]
    assert dead_letters["SqsManagedSseEnabled"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    [source] = statement["Condition"]["ArnEquals"].values()
    assert source["GetAtt"].endswith("Rule.Arn")
    assert policy["Queues"] == [{"Ref": each["GetAtt"].removesuffix(".Arn")} for each in statement["Resource"]]


def test_a_message_is_not_seen_again_while_a_function_may_be_at_work_on_it(consumer: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function's timeout."""
    _, queue, _, _, function = consumer
    timeout = function.get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"])

    assert queue["VisibilityTimeout"] >= 6 * timeout


def test_a_consumer_answers_message_by_message() -> None:
    mapping = TEMPLATE["Resources"]["WelcomeMapping"]["Properties"]
    [source] = EXAMPLE["Resources"]["FollowCustomers"]["Properties"]["Events"].values()

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_example_touches_nothing_of_ours(functions: dict[str, Any]) -> None:
    policies = json.dumps(functions["WelcomeCustomers"]["Policies"])

    for ours in ("EventTable", "ReadTable", "ClaimsTable", "CustomersBus"):
        assert ours not in policies


def test_the_list_has_no_backups_that_would_outlive_an_erasure() -> None:
    assert "PointInTimeRecoverySpecification" not in TEMPLATE["Resources"]["WelcomeTable"]["Properties"]
