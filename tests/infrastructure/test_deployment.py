"""A new version is tested first, receives traffic step by step, and is rolled back by alarms."""

import re
from typing import Any

import pytest

from commands.handlers.create_customer_pre_traffic import _RESERVED_MILLISECONDS
from tests.infrastructure.conftest import transformed
from tests.infrastructure.references import before, needs

Template = dict[str, Any]
SERVING = {"CreateCustomer", "UpdateCustomer", "EraseCustomer", "GetAllCustomers", "GetCustomer", "SearchCustomers",
           "GetStatistics", "ShowDocs", "ProjectCustomers", "PublishEvents"}  # fmt: skip
WRITING = {"CreateCustomer", "UpdateCustomer", "EraseCustomer"}


def of_type(template: Template, kind: str) -> dict[str, Template]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def alarms_of(group: Template) -> set[str]:
    condition, on_aws, _ = group["Properties"]["AlarmConfiguration"]["Fn::If"]
    assert condition == "IsFull"
    assert on_aws["Enabled"] is True
    return {alarm["Name"]["Ref"] for alarm in on_aws["Alarms"]}


def test_code_deploy_is_used_only_if_enabled() -> None:
    plain = transformed("production", "false")

    assert not [name for name, each in plain["Resources"].items() if each["Type"].startswith("AWS::CodeDeploy") and
                name != "StepByStep"]  # fmt: skip
    assert plain["Conditions"]["DeployGradually"] == {
        "Fn::And": [{"Condition": "IsProduction"}, {"Fn::Equals": [{"Ref": "GradualDeployment"}, "true"]}]
    }


def test_production_moves_a_quarter_of_the_traffic_a_minute(production: Template) -> None:
    steps = production["Resources"]["StepByStep"]

    assert steps["Condition"] == "DeployGradually"
    assert steps["Properties"]["TrafficRoutingConfig"] == {
        "Type": "TimeBasedLinear",
        "TimeBasedLinear": {"LinearPercentage": 25, "LinearInterval": 1},
    }
    for group in of_type(production, "AWS::CodeDeploy::DeploymentGroup").values():
        condition, gradual, otherwise = group["Properties"]["DeploymentConfigName"]["Fn::If"]
        assert (condition, gradual) == ("DeployGradually", {"Ref": "StepByStep"})
        assert otherwise["Fn::Sub"][1] == {"ConfigName": "AllAtOnce"}


def test_every_function_that_serves_or_projects_goes_through_code_deploy(production: Template) -> None:
    groups = of_type(production, "AWS::CodeDeploy::DeploymentGroup")

    assert set(groups) == {f"{name}DeploymentGroup" for name in SERVING}
    for name in SERVING:
        update = production["Resources"][f"{name}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert update["DeploymentGroupName"] == {"Ref": f"{name}DeploymentGroup"}


def test_alarms_roll_a_version_back(production: Template) -> None:
    groups = of_type(production, "AWS::CodeDeploy::DeploymentGroup")

    for name in SERVING:
        alarms = alarms_of(groups[f"{name}DeploymentGroup"])
        events = groups[f"{name}DeploymentGroup"]["Properties"]["AutoRollbackConfiguration"]["Events"]
        assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(events)
        if name == "ProjectCustomers":
            assert alarms == {"ProjectingVersionErrors", "ProjectionBehind", "CustomersParked"}
        elif name == "PublishEvents":
            assert alarms == {"PublishingVersionErrors", "PublishBehind"}
        else:
            assert {"ServerErrors", "AnswersSlow"} < alarms
        assert ("ProjectionBehind" in alarms) == (name in WRITING | {"ProjectCustomers"})


def test_an_alarm_watches_the_errors_of_each_new_version(production: Template) -> None:
    groups = of_type(production, "AWS::CodeDeploy::DeploymentGroup")

    for name in SERVING:
        [version] = [each for each in of_type(production, "AWS::Lambda::Version") if each.startswith(f"{name}Version")]
        watched = [
            {dimension["Name"]: dimension["Value"] for dimension in metric["MetricStat"]["Metric"]["Dimensions"]}
            for alarm in alarms_of(groups[f"{name}DeploymentGroup"])
            for metric in production["Resources"][alarm]["Properties"].get("Metrics", ())
            if "MetricStat" in metric
        ]
        assert {
            "FunctionName": {"Ref": name},
            "Resource": {"Fn::Sub": f"${{{name}}}:live"},
            "ExecutedVersion": {"Fn::GetAtt": [version, "Version"]},
        } in watched, name


def test_the_hook_tests_the_new_version_and_not_the_alias(production: Template) -> None:
    resources = production["Resources"]
    hook = resources["CreateCustomerPreTraffic"]["Properties"]
    alias = resources["CreateCustomerAliaslive"]
    new = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
    [policy] = resources["CreateCustomerPreTrafficRole"]["Properties"]["Policies"]
    allowed = {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}

    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"] == {
        "Ref": "CreateCustomerPreTraffic"
    }
    assert hook["FunctionName"]["Fn::Sub"].startswith("CodeDeployHook_")
    assert hook["Environment"]["Variables"]["NEW_VERSION"] == {"Ref": new}
    assert {"Ref": new} in allowed["CreateReadAndEraseCustomer"]["Resource"]
    assert allowed["ReportToCodeDeploy"]["Resource"]["Fn::Sub"].endswith("deploymentgroup:${AWS::StackName}-*/*")
    assert "CreateCustomerPreTrafficAliaslive" not in resources


def test_the_name_of_the_hook_is_short_enough_in_every_stage(template: Template) -> None:
    name = template["Resources"]["CreateCustomerPreTraffic"]["Properties"]["FunctionName"]["Sub"]

    [longest] = re.findall(r"\{0,(\d+)\}", template["Parameters"]["Stage"]["AllowedPattern"])

    assert len(name.replace("${Stage}", "s" * (1 + int(longest)))) <= 64


def test_the_hook_has_time_for_its_slowest_run(functions: dict[str, Template], template: Template) -> None:
    """When the last read starts, there must be time for it, for the erasure and for the report."""
    common = template["Globals"]["Function"]["Timeout"]
    create, get, erase = (functions[name].get("Timeout", common) for name in ("CreateCustomer", "GetCustomer",
                                                                              "EraseSyntheticCustomer"))  # fmt: skip
    reserved = _RESERVED_MILLISECONDS / 1000

    assert get + erase + 60 <= reserved
    assert functions["CreateCustomerPreTraffic"]["Timeout"] >= create + 60 + reserved


@pytest.mark.parametrize("writer", sorted(WRITING))
def test_readers_of_events_are_deployed_before_writers(production: Template, writer: str) -> None:
    assert {"ProjectCustomersAliaslive", "PublishEventsAliaslive"} <= before(production, writer)


@pytest.mark.parametrize(("stage", "gradual"), [("local", "false"), ("staging", "true"), ("production", "true")])
def test_no_resource_depends_on_itself(stage: str, gradual: str) -> None:
    template = transformed(stage, gradual)

    assert [name for name in needs(template) if name in before(template, name)] == []
