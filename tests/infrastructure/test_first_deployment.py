"""What lets a first deployment succeed, and lets one that failed be repeated."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from operations.jobs.stage_names import NAMED_BY, names_of
from tests.infrastructure.test_protection import KEY, TABLES, of_type

Template = dict[str, Any]
# Attributes and references by which CloudFormation orders resources.
_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z.]+)?\}")


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that part of a template refers to."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": written}:
            yield from _SUBSTITUTED.findall(str(written))
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)
        case _:
            pass


def created_before(template: Template, name: str) -> set[str]:
    """Return every resource that CloudFormation creates before another one."""
    found, waiting = set[str](), [name]
    while waiting:
        resource = template["Resources"][waiting.pop()]
        depends = resource.get("DependsOn", [])
        wanted = {*references(resource.get("Properties", {})), *([depends] if isinstance(depends, str) else depends)}
        new = wanted & set(template["Resources"]) - found
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize(
    ("mapping", "policies"),
    [
        ("ProjectCustomersMapping", {"UseTablesPolicy", "UseQueuesPolicy"}),
        ("PublishEventsMapping", {"UseStreamPolicy", "UseQueuesPolicy"}),
        ("WelcomeMapping", {"UseTablesPolicy", "UseQueuesPolicy"}),
    ],
)
def test_a_mapping_is_created_after_the_policies_that_its_role_needs(
    production: Template, mapping: str, policies: set[str]
) -> None:
    """Lambda checks at creation that the role can read the source."""
    assert policies <= created_before(production, mapping)


def test_every_mapping_is_covered(production: Template) -> None:
    assert set(of_type(production, "AWS::Lambda::EventSourceMapping")) == {
        "ProjectCustomersMapping", "PublishEventsMapping", "WelcomeMapping",
    }  # fmt: skip


def test_every_function_logs_to_a_group_that_exists_before_it(production: Template) -> None:
    """Otherwise the first to log creates the group, and CloudFormation cannot. SnapStart logs while it publishes."""
    groups = set(of_type(production, "AWS::Logs::LogGroup"))
    for name, function in of_type(production, "AWS::Lambda::Function").items():
        condition, given, otherwise = function["Properties"]["LoggingConfig"]["Fn::If"]
        assert (condition, otherwise) == ("OnAws", {"Ref": "AWS::NoValue"})
        assert given == {"LogGroup": {"Ref": f"{name}Log"}}
        assert f"{name}Log" in groups & created_before(production, name)
        assert name not in created_before(production, f"{name}Log")


def test_tables_and_pool_are_protected_by_a_parameter_that_is_off_at_first(production: Template) -> None:
    resources, parameter = production["Resources"], production["Parameters"]["DeletionProtection"]

    assert parameter["Default"] == "false"
    for name in TABLES:
        assert resources[name]["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsProtected", True, False]}
    assert resources["UserPool"]["Properties"]["DeletionProtection"] == {
        "Fn::If": ["IsProtected", "ACTIVE", "INACTIVE"]
    }


def test_what_is_retained_goes_with_a_creation_that_fails(production: Template) -> None:
    policies = {name: each.get("DeletionPolicy", "Delete") for name, each in production["Resources"].items()}
    kept = {name: policy for name, policy in policies.items() if policy != "Delete"}
    # Versions of layers have generated names, which stand in nobody's way.
    generated = {"AWS::Lambda::LayerVersion"}
    named = {name: policy for name, policy in kept.items() if production["Resources"][name]["Type"] not in generated}

    assert {*TABLES, "UserPool", "DataKey"} <= set(named)
    assert set(named.values()) == {"RetainExceptOnCreate"}


def test_the_key_is_created_or_handed_over(production: Template) -> None:
    """CloudFormation tags no keys, so a role can be granted one by its ARN only."""
    assert production["Parameters"]["DataKeyArn"]["Default"] == ""
    assert production["Conditions"]["OwnKey"] == {
        "Fn::And": [{"Condition": "IsFull"}, {"Fn::Equals": [{"Ref": "DataKeyArn"}, ""]}]
    }
    alone = {"Fn::GetAtt": ["DataKey", "Arn"]}
    text = json.dumps(production)
    assert text.count(json.dumps(alone)) == text.count(json.dumps(KEY)) > 20


def test_eventbridge_may_use_the_key_of_the_queues_without_a_condition(production: Template) -> None:
    statements = production["Resources"]["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
    [sending] = [each for each in statements if each["Sid"] == "SendToQueues"]

    assert "Condition" not in sending
    assert sending["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    # The queue's own policy names the rule.
    [allowed] = production["Resources"]["WelcomeQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["WelcomeRule", "Arn"]}}}


def test_the_role_of_api_gateway_s_account_is_set_only_on_request(production: Template) -> None:
    resources = production["Resources"]

    assert production["Parameters"]["SetsGatewayAccount"]["Default"] == "false"
    for name in ("GatewayAccount", "GatewayLogsRole"):
        assert resources[name]["Condition"] == "SetGatewayAccount"
    boundary = resources["GatewayLogsRole"]["Properties"]["PermissionsBoundary"]["Fn::If"]
    assert boundary[:2] == ["HasGatewayLogsBoundary", {"Ref": "GatewayLogsBoundaryArn"}]
    # The API's stage needs the role, where this stack sets it.
    assert "GatewayAccount" in created_before(production, "CustomersApiStage")


def test_the_web_acl_logs_to_an_arn_without_a_star(production: Template) -> None:
    [destination] = production["Resources"]["FirewallLogging"]["Properties"]["LogDestinationConfigs"]

    assert destination["Fn::Sub"].endswith(":log-group:${FirewallLog}")


def test_a_young_account_can_deploy(production: Template) -> None:
    """New accounts have 10 to 50 executions, and Lambda keeps 100 unreserved."""
    reserved = [
        set(references(each["Properties"]["ReservedConcurrentExecutions"])) - {"AWS::NoValue"}
        for each in of_type(production, "AWS::Lambda::Function").values()
        if "ReservedConcurrentExecutions" in each["Properties"]
    ]
    parameters = set[str]().union(*reserved)

    assert parameters == {"ProjectorConcurrency", "PublisherConcurrency", "ReadConcurrency"}
    assert {production["Parameters"][name]["Default"] for name in parameters} == {0}


def test_the_preflight_looks_for_every_name_that_the_stack_takes(template: Template) -> None:
    """CloudFormation refuses a name that is taken. Alarms, dashboards, topics and layers are overwritten or reused."""
    overwritten = {
        "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Dashboard", "AWS::Events::Rule",
        "AWS::Logs::QueryDefinition", "AWS::SNS::Topic", "AWS::Serverless::LayerVersion", "AWS::Serverless::Api",
        "AWS::IAM::Policy", "AWS::Cognito::UserPoolResourceServer", "AWS::Logs::MetricFilter", "AWS::Events::Archive",
    }  # fmt: skip
    found = {each.logical_id for each in names_of("staging")}
    for name, resource in template["Resources"].items():
        named = [
            key
            for key in resource["Properties"]
            if key == "Name" or (key.endswith("Name") and "Sub" in str(resource["Properties"][key]))
        ]
        ours = [
            key
            for key in named
            if "Sub" in str(resource["Properties"][key])
            and not key.startswith(("Policy", "Client", "UserPool", "Stage"))
        ]
        if ours and resource["Type"] not in overwritten:
            assert resource["Type"] in NAMED_BY, name
            assert name in found, name
