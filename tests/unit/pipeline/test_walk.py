"""The walk adapts templates and settings to the local AWS."""

from typing import Any

import pytest

from local.environments import ROOT
from local.errors import StackError
from pipeline.customers_pipeline.application import Application
from pipeline.customers_pipeline.stages import PRODUCTION, STAGING
from pipeline.walk import differences, templates
from pipeline.walk.account import Resolver
from pipeline.walk.synthesised import stages
from pipeline.walk.variables import substituted


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def test_variables_are_replaced_and_unknown_ones_are_refused() -> None:
    variables = {"Staging": {"ApiEndpoint": "https://api", "Region": "eu-west-1"}}

    assert substituted("#{Staging.ApiEndpoint}/x?#{Staging.Region}", variables) == "https://api/x?eu-west-1"
    assert substituted("nothing", variables) == "nothing"
    with pytest.raises(StackError, match=r"#\{Staging.Nothing\}"):
        substituted("#{Staging.Nothing}", variables)


def test_short_functions_are_read_in_their_long_form() -> None:
    text = "a: !Ref B\nb: !GetAtt C.D.E\nc: !Sub x${Y}\nd: !If [F, !Ref G, 1]\ne: !Condition H"

    assert templates.parse(text) == {
        "a": {"Ref": "B"},
        "b": {"Fn::GetAtt": ["C", "D.E"]},
        "c": {"Fn::Sub": "x${Y}"},
        "d": {"Fn::If": ["F", {"Ref": "G"}, 1]},
        "e": {"Condition": "H"},
    }


def test_unsupported_resources_are_removed_with_their_outputs() -> None:
    template: dict[str, Any] = {
        "Resources": {"Web": resource("AWS::WAFv2::WebACLAssociation"), "Table": resource("AWS::DynamoDB::Table")},
        "Outputs": {
            "A": {"Value": {"Ref": "Web"}},
            "B": {"Value": {"Fn::Sub": "x/${Web.Arn}"}},
            "C": {"Value": {"Ref": "Table"}, "Description": "Not the Web one."},
        },
    }

    remaining, removed = differences.without_unsupported(template)

    assert removed == ["Web"]
    assert list(remaining["Resources"]) == ["Table"]
    assert list(remaining["Outputs"]) == ["C"]
    assert len(template["Resources"]) == 2


def test_an_alarm_on_a_sum_watches_only_its_first_metric() -> None:
    metric = {"Namespace": "N", "MetricName": "M", "Dimensions": []}
    parts = [
        {"Id": "all", "Expression": "SUM(METRICS())"},
        {"MetricStat": {"Stat": "Sum", "Period": 60, "Metric": metric}},
    ]
    template = {"Resources": {"Alarm": resource("AWS::CloudWatch::Alarm", Threshold=0, Metrics=parts)}}

    remaining, removed = differences.without_unsupported(template)

    assert removed == []
    assert remaining["Resources"]["Alarm"]["Properties"] == {"Threshold": 0, "Statistic": "Sum", "Period": 60, **metric}


def test_boundaries_are_widened_by_permissions_that_only_the_local_aws_requires() -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:BatchExecuteStatement", "Resource": "*"}
    local = resource("AWS::IAM::Policy", Roles=[{"Ref": "Role"}], PolicyDocument={"Statement": [statement]})
    application = {"Resources": {"Local": local | {"Condition": "OnLocalAws"}, "Other": local}}
    boundary = resource("AWS::IAM::ManagedPolicy", PolicyDocument={"Statement": ["own"]})

    wider = differences.with_local_statements({"Resources": {"Boundary": boundary}}, application)

    assert differences.local_statements(application) == [(["Role"], {"Statement": [statement]})]
    assert wider["Resources"]["Boundary"]["Properties"]["PolicyDocument"]["Statement"] == ["own", statement]
    assert boundary["Properties"]["PolicyDocument"]["Statement"] == ["own"]


def test_conditions_on_tags_are_removed_and_others_stay() -> None:
    tagged = {"Action": "a", "Condition": {"StringEquals": {"aws:ResourceTag/stack": "s"}}}
    bounded = {"Action": "b", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn"}}}

    assert differences.without_tag_conditions({"Statement": [tagged, bounded]}) == {
        "Statement": [{"Action": "a"}, bounded]
    }


def test_only_declared_parameters_are_changed_for_the_local_aws() -> None:
    assert set(differences.parameters({"Runtime": {}, "Other": {}}, "http://here", "3.13")) == {"Runtime"}
    template = templates.parse((ROOT / "template.yml").read_text())
    assert {"StreamMappingsEnabled", "Runtime", "Architecture"} <= set(
        differences.parameters(template["Parameters"], "http://here", "3.13")
    )


def test_each_intrinsic_function_becomes_one_output() -> None:
    join = {"Fn::Join": ["", ["a", {"Ref": "B"}]]}
    resolver = Resolver([{"one": join, "two": [join, "plain"]}], {"Fn::GetAtt": ["C", "Arn"]})

    assert sorted(map(str, (each["Value"] for each in resolver.outputs().values()))) == sorted(
        map(str, (join, {"Fn::GetAtt": ["C", "Arn"]}))
    )


def test_actions_run_by_their_run_order() -> None:
    def action(name: str, order: int) -> dict[str, Any]:
        return {"Name": name, "RunOrder": order, "ActionTypeId": {"Category": "Test"}}

    pipeline = resource(
        "AWS::CodePipeline::Pipeline", Stages=[{"Name": "S", "Actions": [action("b", 2), action("a", 1)]}]
    )

    [stage] = stages({"Resources": {"P": pipeline}})
    assert [each.name for each in stage.actions] == ["a", "b"]


@pytest.mark.parametrize(("stage", "name"), [(STAGING, "staging"), (PRODUCTION, "production")])
def test_a_stage_passes_only_parameters_that_the_template_declares(stage: Any, name: str) -> None:
    def passed(*parameters: str) -> dict[str, str]:
        application = Application({name: {} for name in parameters}, frozenset(), {})
        return dict(stage.overrides(application, {"PermissionsBoundaryArn": "arn"}))

    assert passed("Stage", "Other") == {"Stage": name}
    assert passed("Stage", "GradualDeployment", "PermissionsBoundaryArn") == {
        "Stage": name,
        "GradualDeployment": "#{variables.GradualDeployment}",
        "PermissionsBoundaryArn": "arn",
    }


@pytest.mark.parametrize("test", differences.SKIPPED_TESTS)
def test_every_skipped_test_exists(test: str) -> None:
    file, _, name = test.partition("::")

    assert f"def {name}(" in (ROOT / file).read_text()
