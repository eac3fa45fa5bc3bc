"""`status` judges as the template's alarms do, and leaves no mapping, queue or alarm out."""

from typing import Any

import pytest

from local.template import load_template, with_own_event_table
from operations.jobs.health.assessment import ERASED_WITHIN, MAPPINGS, QUEUES, ROUTES
from operations.jobs.health.mappings import NAMESPACE, PROJECTION, SERVICE
from operations.jobs.health.queues import is_for_failures

TEMPLATE: dict[str, Any] = with_own_event_table(load_template())
RESOURCES = TEMPLATE["Resources"]


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")


def alarm_of(page: str) -> dict[str, Any]:
    alarm: dict[str, Any]
    [alarm] = [each for each in ALARMS.values() if each["AlarmDescription"].endswith(f" docs/runbooks/{page}.md")]
    return alarm


def test_every_mapping_has_a_limit_and_a_page() -> None:
    assert MAPPINGS.keys() == of_type("AWS::Lambda::EventSourceMapping").keys()


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_mapping_is_late_when_its_alarm_goes_off(name: str) -> None:
    page, seconds = MAPPINGS[name]
    alarm = alarm_of(page)
    unit = {"IteratorAge": 1000, "ApproximateAgeOfOldestMessage": 1}[alarm["MetricName"]]

    assert alarm["Threshold"] == seconds * unit


def test_an_erasure_is_late_when_its_alarm_goes_off() -> None:
    assert alarm_of("erasures-unfinished")["Threshold"] == ERASED_WITHIN.total_seconds()


def test_every_queue_has_an_output_and_every_failure_queue_a_page_with_an_alarm() -> None:
    queues = of_type("AWS::SQS::Queue")
    watched = [alarm for alarm in ALARMS.values() if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"]

    assert {f"{name}Url" for name in queues} <= TEMPLATE["Outputs"].keys()
    assert set(filter(is_for_failures, queues)) == QUEUES.keys()
    assert {QUEUES[name]: name for name in QUEUES} == {
        alarm["AlarmDescription"].rpartition("/")[2].removesuffix(".md"): alarm["Dimensions"][0]["Value"][
            "GetAtt"
        ].partition(".")[0]
        for alarm in watched
    }


def test_every_bus_and_rule_has_a_page() -> None:
    rules = {
        f"{function}{event}"
        for function, each in of_type("AWS::Serverless::Function").items()
        for event, source in each.get("Events", {}).items()
        if source["Type"] in ("EventBridgeRule", "Schedule")
    }

    assert ROUTES.keys() == rules | of_type("AWS::Events::Rule").keys() | of_type("AWS::Events::EventBus").keys()


def test_alarms_are_found_by_the_name_of_the_bus() -> None:
    bus = of_type("AWS::Events::EventBus")["CustomersBus"]["Name"]["Sub"]

    assert TEMPLATE["Outputs"]["EventBusName"]["Value"] == {"Ref": "CustomersBus"}
    assert bus.startswith("${Stage}-")
    assert "-" not in bus.removeprefix("${Stage}-")
    assert [name for name, alarm in ALARMS.items() if not alarm["AlarmName"]["Sub"].startswith(f"{bus}-")] == []


def test_the_projector_s_metrics_have_the_dimensions_that_are_asked_for() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]

    assert (variables["POWERTOOLS_METRICS_NAMESPACE"], variables["POWERTOOLS_SERVICE_NAME"]) == (NAMESPACE, SERVICE)
    assert variables["STAGE"] == {"Ref": "Stage"}
    assert of_type("AWS::Lambda::EventSourceMapping")[PROJECTION]["BatchSize"] == 100
