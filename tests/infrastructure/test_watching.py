"""Alarms watch metrics that exist and notify somebody, and each has a runbook."""

import json
import re
from typing import Any

import pytest

from local.environments import ROOT
from local.template import load_template, with_own_event_table
from shared.runtime.observability import metrics
from tests.unit.docs.pages import METRICS, Page, names

Template = dict[str, Any]
TEMPLATE = with_own_event_table(load_template())
RESOURCES = TEMPLATE["Resources"]
ALARMS = {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
RUNBOOKS = ROOT / "docs/runbooks"
PARTS = ("What you see", "What it means for customers", "Look", "Do", "How you know that it is over")
# Metrics of AWS and their dimensions, from the user guides.
AWS_METRICS = {
    ("AWS/ApiGateway", "5XXError"): [{"ApiName", "Stage"}],
    ("AWS/ApiGateway", "4XXError"): [{"ApiName", "Stage"}],
    ("AWS/ApiGateway", "Count"): [{"ApiName", "Stage"}],
    ("AWS/ApiGateway", "Latency"): [{"ApiName", "Stage"}],
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/DynamoDB", "ReadThrottleEvents"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/DynamoDB", "WriteThrottleEvents"): [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
    ("AWS/Lambda", "Duration"): [{"FunctionName"}],
    ("AWS/Lambda", "Errors"): [{"FunctionName"}, {"FunctionName", "Resource", "ExecutedVersion"}],
    ("AWS/Lambda", "Invocations"): [{"FunctionName"}],
    ("AWS/Lambda", "IteratorAge"): [{"FunctionName"}],
    ("AWS/Lambda", "Throttles"): [{"FunctionName"}],
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): [{"QueueName"}],
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): [{"QueueName"}],
    ("AWS/States", "ExecutionsFailed"): [{"StateMachineArn"}],
    ("AWS/Logs", "IncomingBytes"): [{"LogGroupName"}],
    ("AWS/WAFV2", "AllowedRequests"): [{"WebACL", "Region", "Rule"}],
    ("AWS/WAFV2", "BlockedRequests"): [{"WebACL", "Region", "Rule"}],
}


def kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def watched(alarm: Template) -> list[Template]:
    """Return the metrics that an alarm watches."""
    if "Metrics" not in alarm:
        return [alarm]
    return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]


def dimensions(metric: Template) -> Template:
    return {each["Name"]: each["Value"] for each in metric["Dimensions"]}


def own_metrics(capsys: pytest.CaptureFixture[str]) -> tuple[str, set[str], set[str]]:
    """Return namespace, dimensions and names of the service's own metrics."""
    metrics.add_metric("Probe", "Count", 1)
    metrics.flush_metrics()
    [sent] = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    counted = {name for row in METRICS.table("Metrics", "Metric") for name in names(row[0])}
    return sent["Namespace"], set(sent["Dimensions"][0]), counted


def exists(namespace: str, metric: str, by: set[str], capsys: pytest.CaptureFixture[str]) -> bool:
    own, own_dimensions, counted = own_metrics(capsys)
    if namespace == own:
        return metric in counted and by == own_dimensions
    return by in AWS_METRICS.get((namespace, metric), [])


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_metrics_that_exist(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = watched(ALARMS[name])

    assert found
    assert len(found) < 10, "an alarm has at most ten metrics and expressions"
    for metric in found:
        assert exists(metric["Namespace"], metric["MetricName"], set(dimensions(metric)), capsys), metric


def test_alarms_watch_the_service_s_metrics_of_their_own_stage() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]

    for alarm in ALARMS.values():
        for metric in watched(alarm):
            if metric["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]:
                assert dimensions(metric) == {
                    "service": variables["POWERTOOLS_SERVICE_NAME"],
                    "stage": variables["STAGE"],
                }


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_notifies_the_topic_and_names_its_runbook(name: str) -> None:
    alarm = ALARMS[name]

    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert alarm["AlarmName"] == {"Sub": f"${{Stage}}-customers-{kebab(name)}"}
    assert alarm["AlarmDescription"].endswith(f" docs/runbooks/{kebab(name)}.md")
    # Some metrics are only sent when there is something to count, so missing data is normal.
    assert alarm["TreatMissingData"] == "notBreaching"


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}

    assert pages == {kebab(name) for name in ALARMS}


@pytest.mark.parametrize("name", ALARMS)
def test_a_runbook_has_all_its_parts(name: str) -> None:
    page = Page(RUNBOOKS / f"{kebab(name)}.md")

    assert page.text.startswith(f"# {name}\n")
    for part in PARTS:
        assert page.section(part).strip(), part


def test_the_index_lists_the_alarms_in_the_order_of_the_template() -> None:
    rows = Page(RUNBOOKS / "README.md").table("Alarms", "Alarm")

    assert [row[0] for row in rows] == [f"[`{name}`]({kebab(name)}.md)" for name in ALARMS]


def test_the_age_of_the_stream_is_watched_at_both_of_its_readers() -> None:
    """Nothing else tells that a mapping repeats a batch: it gives up none before the batch is a day old."""
    readers = {
        mapping["Properties"]["FunctionName"]["Ref"].removesuffix("Aliaslive")
        for mapping in RESOURCES.values()
        if mapping["Type"] == "AWS::Lambda::EventSourceMapping"
        and mapping["Properties"]["EventSourceArn"] == {"GetAtt": "EventTable.StreamArn"}
    }
    ages = [alarm for alarm in ALARMS.values() if alarm.get("MetricName") == "IteratorAge"]

    assert (
        {alarm["Dimensions"][0]["Value"]["Ref"] for alarm in ages} == readers == {"ProjectCustomers", "PublishEvents"}
    )
    for alarm in ages:
        assert alarm["Statistic"] == "Maximum"
        assert alarm["Threshold"] <= 5 * 60 * 1000
        # Lambda waits between retries, so a minute may have no value.
        assert alarm["DatapointsToAlarm"] < alarm["EvaluationPeriods"]


def test_every_failure_queue_has_an_alarm() -> None:
    queues = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::SQS::Queue"}
    seen = {
        metric["Dimensions"][0]["Value"]["GetAtt"].partition(".")[0]
        for alarm in ALARMS.values()
        for metric in watched(alarm)
        if metric["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }

    assert {name for name in queues if "Failure" in name or "DeadLetter" in name} == seen


def test_only_cloudwatch_of_this_account_may_publish_alarms() -> None:
    [statement] = RESOURCES["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def dashboard() -> Template:
    text, _ = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    found: Template = json.loads(text)
    return found


def test_the_dashboard_shows_every_alarm() -> None:
    [shown] = [each["properties"]["alarms"] for each in dashboard()["widgets"] if each["type"] == "alarm"]

    assert shown == [f"${{{name}.Arn}}" for name in ALARMS]


def test_the_dashboard_answers_three_questions() -> None:
    titles = [each["properties"]["markdown"] for each in dashboard()["widgets"] if each["type"] == "text"]

    assert [title.removeprefix("## ").partition("?")[0] for title in titles] == [
        "Is it healthy",
        "How far behind",
        "What does it cost",
    ]


def test_the_dashboard_shows_metrics_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    shown = [
        metric
        for widget in dashboard()["widgets"]
        for metric in widget["properties"].get("metrics", ())
        if isinstance(metric[0], str)
    ]

    assert len(shown) > 30
    for namespace, metric, *rest in shown:
        by = [part for part in rest if isinstance(part, str)]
        assert exists(namespace, metric, set(by[::2]), capsys), metric


def test_the_dashboard_s_expressions_use_its_own_metrics() -> None:
    for widget in dashboard()["widgets"]:
        options = [
            part for metric in widget["properties"].get("metrics", ()) for part in metric if isinstance(part, dict)
        ]
        ids = {each["id"] for each in options if "id" in each}
        for each in options:
            used = set(re.findall(r"\b[a-z]+\d*\b", each.get("expression", "")))
            assert used <= ids, each


ROLLBACK_ALARMS = {
    alarm["Ref"]
    for each in RESOURCES.values()
    if each["Type"] == "AWS::Serverless::Function"
    for alarm in each["Properties"].get("DeploymentPreference", {}).get("Alarms", {}).get("If", ["", []])[1]
}


def test_waiting_readers_roll_no_version_back() -> None:
    """A 503 not-yet-readable is one of API Gateway's 5XXError, and its wait is in API Gateway's Latency."""
    assert {"ServerErrors", "AnswersSlow"} < ROLLBACK_ALARMS
    for name in ROLLBACK_ALARMS:
        seen = {metric["MetricName"] for metric in watched(ALARMS[name])}
        assert "Latency" not in seen
        assert "Answers5xx" not in seen
        if "5XXError" in seen:
            [share] = [each["Expression"] for each in ALARMS[name]["Metrics"] if "Expression" in each]
            assert share == "(errors - FILL(waiting, 0)) / requests"
            assert {each["Id"]: each["MetricStat"]["Metric"]["MetricName"] for each in ALARMS[name]["Metrics"][1:]} == {
                "errors": "5XXError",
                "requests": "Count",
                "waiting": "NotYetReadable",
            }


def test_refused_tokens_are_counted_from_the_access_log() -> None:
    counted = RESOURCES["CountUnauthorized"]["Properties"]
    [sent] = counted["MetricTransformations"]
    logged = json.loads(RESOURCES["CustomersApi"]["Properties"]["AccessLogSetting"]["If"][1]["Format"])

    assert counted["FilterPattern"] == '{ $.status = "401" }'
    assert logged["status"] == "$context.status"
    assert {each["Key"]: logged[each["Value"].removeprefix("$.")] for each in sent["Dimensions"]} == {
        "service": TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"],
        "stage": "$context.stage",
    }
    assert (sent["MetricNamespace"], sent["MetricName"]) == ("CustomersApi", "AnswersUnauthorized")
