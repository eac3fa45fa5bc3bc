"""What each role may do, and who may use it, as deployed: the template after SAM's transformation."""

import json
from collections.abc import Iterator
from typing import Any

from tests.infrastructure.conftest import transformed
from tests.infrastructure.test_protection import IF_ANY, NOTHING, as_list, documents, of_type, statements

Template = dict[str, Any]
THIS_ACCOUNT = {"Ref": "AWS::AccountId"}
# Services that name the calling resource's account when they assume a role or use a key. Logs names the log group.
NAME_THE_ACCOUNT = {
    "apigateway.amazonaws.com", "cloudwatch.amazonaws.com", "codedeploy.amazonaws.com", "events.amazonaws.com",
    "lambda.amazonaws.com", "states.amazonaws.com",
}  # fmt: skip


def conditions(statement: Template) -> dict[str, Template]:
    found: dict[str, Template] = statement.get("Condition", {})
    return found


def on_aws(template: Template) -> Iterator[tuple[str, Template]]:
    """Yield the statements that apply on AWS."""
    for name, statement in statements(template):
        if template["Resources"][name].get("Condition") != "OnLocalAws":
            yield name, statement


def test_a_condition_on_all_values_also_requires_a_value(production: Template) -> None:
    """IAM user guide, "Set operators": ForAllValues is true for a request that lacks the key."""
    found = 0
    for name, statement in statements(production):
        for operator, keys in conditions(statement).items():
            if operator.startswith("ForAllValues:"):
                found += 1
                for key in keys:
                    assert conditions(statement).get("Null", {}).get(key) == "false", (name, statement["Sid"], key)

    assert found >= 5


def test_only_services_of_this_account_may_assume_a_role(production: Template) -> None:
    roles = of_type(production, "AWS::IAM::Role")
    assert len(roles) > 15
    for name, role in roles.items():
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            assert set(as_list(statement["Principal"]["Service"])) <= NAME_THE_ACCOUNT, name
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == THIS_ACCOUNT, name


def test_only_the_rebuild_may_assume_its_role(production: Template) -> None:
    [statement] = production["Resources"]["RebuildProjectionRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]

    source = statement["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    assert source.endswith(":stateMachine:${Stage}-customers-rebuild")


def test_a_policy_that_admits_a_service_names_the_account_or_a_resource(production: Template) -> None:
    """EventBridge may use the queues' key without: the policy of the queues names the rule that may send."""
    for name, statement in statements(production):
        if statement.get("Sid") != "SendToQueues" and "Service" in statement.get("Principal", {}):
            keys = {key.lower() for each in conditions(statement).values() for key in each}
            assert keys & {"aws:sourceaccount", "aws:sourcearn", "kms:encryptioncontext:aws:logs:arn"}, name


def test_every_policy_has_the_current_version(production: Template) -> None:
    found = list(documents(production))
    assert len(found) > 20
    for name, document in found:
        assert document["Version"] == "2012-10-17", name


def test_the_publisher_may_publish_only_as_this_service(production: Template) -> None:
    publishing = [(name, each) for name, each in on_aws(production) if "events:PutEvents" in as_list(each["Action"])]

    [(name, statement)] = publishing
    assert name == "PublishEventsRole"
    assert statement["Action"] == "events:PutEvents"
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"events:source": "customers"},
        "Null": {"events:source": "false"},
    }


def test_the_bus_is_encrypted_with_the_key_on_aws(production: Template) -> None:
    bus = production["Resources"]["CustomersBus"]["Properties"]
    [statement] = [
        each
        for each in production["Resources"]["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
        if each["Sid"] == "EncryptBus"
    ]

    assert bus["KmsKeyIdentifier"] == {"Fn::If": ["OnAws", IF_ANY, NOTHING]}
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}
    equal = statement["Condition"]["StringEquals"]
    assert equal["aws:SourceAccount"] == THIS_ACCOUNT
    assert equal["kms:EncryptionContext:aws:events:event-bus:arn"]["Fn::Sub"].endswith(":event-bus/${Stage}-customers")


def test_a_reader_of_the_stream_encrypts_nothing(production: Template) -> None:
    policy = production["Resources"]["UseStreamPolicy"]["Properties"]

    assert policy["Roles"] == [{"Ref": "PublishEventsRole"}]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["kms:Decrypt", "kms:DescribeKey"]


def test_no_function_may_create_a_log_group(production: Template) -> None:
    policy = production["Resources"]["NoLogGroupsPolicy"]["Properties"]
    functions = of_type(production, "AWS::Lambda::Function")

    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "logs:CreateLogGroup")
    roles = [each["Fn::If"][1] if "Fn::If" in each else each for each in policy["Roles"]]
    assert sorted(each["Ref"] for each in roles) == sorted(f"{name}Role" for name in functions)


def test_only_the_functions_that_erase_may_change_an_event_and_only_to_redact_it(production: Template) -> None:
    event_table = {"Fn::GetAtt": ["EventTable", "Arn"]}
    changing = {
        name: statement
        for name, statement in on_aws(production)
        if statement["Resource"] == event_table and "dynamodb:UpdateItem" in as_list(statement["Action"])
    }

    removed = ["customer_id", "version", "data", "request_hash"]
    # FinishErasures also removes the hash from where older releases stored it.
    named = {
        "EraseCustomerRole": removed,
        "EraseSyntheticCustomerRole": removed,
        "FinishErasuresRole": [*removed, "metadata"],
    }
    assert set(changing) == set(named)
    for name, statement in changing.items():
        assert statement["Condition"]["ForAllValues:StringEquals"] == {"dynamodb:Attributes": named[name]}


def test_no_role_may_delete_an_event_or_change_one_by_partiql(production: Template) -> None:
    event_table = json.dumps({"Fn::GetAtt": ["EventTable", "Arn"]})
    forbidden = {"dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"}
    for name, statement in statements(production):
        if event_table in json.dumps(statement["Resource"]):
            assert not forbidden & set(as_list(statement["Action"])), name


def test_the_hook_may_erase_only_through_the_function_for_synthetic_customers(production: Template) -> None:
    [invoking] = [
        statement
        for name, statement in statements(production)
        if name == "CreateCustomerPreTrafficRole" and statement["Action"] == "lambda:InvokeFunction"
    ]
    erasing = [each for each in invoking["Resource"] if "Erase" in json.dumps(each)]

    assert erasing == [{"Fn::GetAtt": ["EraseSyntheticCustomer", "Arn"]}]


def test_no_route_and_no_other_service_leads_to_the_function_for_synthetic_customers() -> None:
    template = transformed("production", "true")
    permissions = of_type(template, "AWS::Lambda::Permission")

    assert "EraseSyntheticCustomer" not in json.dumps(permissions)
    assert "EraseSyntheticCustomer" not in json.dumps(template["Resources"]["CustomersApi"])


def test_the_publisher_sees_every_kind_of_change(production: Template) -> None:
    [pattern] = production["Resources"]["PublishEventsMapping"]["Properties"]["FilterCriteria"]["Filters"]

    assert json.loads(pattern["Pattern"]) == {"eventName": ["INSERT", "MODIFY", "REMOVE"]}
    assert production["Resources"]["EventsChanged"]["Properties"]["Threshold"] == 0
