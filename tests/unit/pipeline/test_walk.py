"""What the walk does to templates and settings before the local AWS gets them."""

from typing import Any

import pytest

from local.environments import ROOT
from local.errors import StackError
from pipeline.customers_pipeline.application import Application
from pipeline.customers_pipeline.stages import PRODUCTION, STAGING
from pipeline.walk import differences, templates
from pipeline.walk.account import Resolved
from pipeline.walk.synthesised import stages
from pipeline.walk.variables import substituted


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def test_variables_are_filled_in_and_unknown_ones_refused() -> None:
    variables = {"Staging": {"ApiEndpoint": "https://api", "Region": "eu-west-1"}}

    assert substituted("#{Staging.ApiEndpoint}/x?#{Staging.Region}", variables) == "https://api/x?eu-west-1"
    assert substituted("nothing", variables) == "nothing"
    with pytest.raises(StackError, match=r"#\{Staging.Nothing\}"):
        substituted("#{Staging.Nothing}", variables)


def test_short_functions_are_read_as_json_has_them() -> None:
    text = "a: !Ref B\nb: !GetAtt C.D.E\nc: !Sub x${Y}\nd: !If [F, !Ref G, 1]\ne: !Condition H"

    assert templates.parse(text) == {
        "a": {"Ref": "B"},
        "b": {"Fn::GetAtt": ["C", "D.E"]},
        "c": {"Fn::Sub": "x${Y}"},
        "d": {"Fn::If": ["F", {"Ref": "G"}, 1]},
        "e": {"Condition": "H"},
    }


def test_what_the_local_aws_lacks_goes_with_its_outputs() -> None:
    template: dict[str, Any] = {
        "Resources": {"Web": resource("AWS::WAFv2::WebACLAssociation"), "Table": resource("AWS::DynamoDB::Table")},
        "Outputs": {
            "A": {"Value": {"Ref": "Web"}},
            "B": {"Value": {"Fn::Sub": "x/${Web.Arn}"}},
            "C": {"Value": {"Ref": "Table"}, "Description": "Not the Web one."},
        },
    }

    left, gone = differences.without_lacking(template)

    assert gone == ["Web"]
    assert list(left["Resources"]) == ["Table"]
    assert list(left["Outputs"]) == ["C"]
    assert len(template["Resources"]) == 2


def test_an_alarm_on_a_sum_watches_its_first_metric_alone() -> None:
    metric = {"Namespace": "N", "MetricName": "M", "Dimensions": []}
    parts = [
        {"Id": "all", "Expression": "SUM(METRICS())"},
        {"MetricStat": {"Stat": "Sum", "Period": 60, "Metric": metric}},
    ]
    template = {"Resources": {"Alarm": resource("AWS::CloudWatch::Alarm", Threshold=0, Metrics=parts)}}

    left, gone = differences.without_lacking(template)

    assert gone == []
    assert left["Resources"]["Alarm"]["Properties"] == {"Threshold": 0, "Statistic": "Sum", "Period": 60, **metric}


def test_boundaries_are_widened_by_what_is_needed_locally_alone() -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:BatchExecuteStatement", "Resource": "*"}
    local = resource("AWS::IAM::Policy", Roles=[{"Ref": "Role"}], PolicyDocument={"Statement": [statement]})
    application = {"Resources": {"Local": local | {"Condition": "OnLocalAws"}, "Other": local}}
    boundary = resource("AWS::IAM::ManagedPolicy", PolicyDocument={"Statement": ["own"]})

    wider = differences.with_local_statements({"Resources": {"Boundary": boundary}}, application)

    assert differences.local_statements(application) == [(["Role"], {"Statement": [statement]})]
    assert wider["Resources"]["Boundary"]["Properties"]["PolicyDocument"]["Statement"] == ["own", statement]
    assert boundary["Properties"]["PolicyDocument"]["Statement"] == ["own"]


def test_conditions_on_tags_are_taken_out_and_others_stay() -> None:
    tagged = {"Action": "a", "Condition": {"StringEquals": {"aws:ResourceTag/stack": "s"}}}
    bounded = {"Action": "b", "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn"}}}

    assert differences.without_tag_conditions({"Statement": [tagged, bounded]}) == {
        "Statement": [{"Action": "a"}, bounded]
    }


def test_only_declared_parameters_are_changed_here() -> None:
    assert set(differences.parameters({"Runtime": {}, "Other": {}}, "http://here", "3.13")) == {"Runtime"}
    template = templates.parse((ROOT / "template.yml").read_text())
    assert {"StreamMappingsEnabled", "Runtime", "Architecture"} <= set(
        differences.parameters(template["Parameters"], "http://here", "3.13")
    )


def test_intrinsic_functions_become_outputs_once_each() -> None:
    join = {"Fn::Join": ["", ["a", {"Ref": "B"}]]}
    resolved = Resolved([{"one": join, "two": [join, "plain"]}], {"Fn::GetAtt": ["C", "Arn"]})

    assert sorted(map(str, (each["Value"] for each in resolved.outputs().values()))) == sorted(
        map(str, (join, {"Fn::GetAtt": ["C", "Arn"]}))
    )


def test_actions_run_in_the_order_that_they_name() -> None:
    def action(name: str, order: int) -> dict[str, Any]:
        return {"Name": name, "RunOrder": order, "ActionTypeId": {"Category": "Test"}}

    pipeline = resource(
        "AWS::CodePipeline::Pipeline", Stages=[{"Name": "S", "Actions": [action("b", 2), action("a", 1)]}]
    )

    [stage] = stages({"Resources": {"P": pipeline}})
    assert [each.name for each in stage.actions] == ["a", "b"]


@pytest.mark.parametrize(("stage", "name"), [(STAGING, "staging"), (PRODUCTION, "production")])
def test_a_stage_passes_the_parameters_that_the_template_has(stage: Any, name: str) -> None:
    def passed(*parameters: str) -> dict[str, str]:
        return dict(stage.overrides(Application(frozenset(parameters), frozenset()), boundary="arn"))

    assert passed("Stage", "Other") == {"Stage": name}
    assert passed("Stage", "GradualDeployment", "PermissionsBoundaryArn") == {
        "Stage": name,
        "GradualDeployment": "true",
        "PermissionsBoundaryArn": "arn",
    }


@pytest.mark.parametrize("test", differences.DESELECTED)
def test_what_is_not_run_here_exists(test: str) -> None:
    file, _, name = test.partition("::")

    assert f"def {name}(" in (ROOT / file).read_text()
