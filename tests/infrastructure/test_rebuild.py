"""What the template and the workflow of the rebuild must say, whatever the local AWS makes of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.environments import ROOT

WORKFLOW = json.loads((ROOT / "projections/maintenance/rebuild.asl.json").read_text())
FUNCTIONS = ("RebuildControl", "RebuildSegment", "VerifySegment")


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for policy in function["Policies"] for statement in policy["Statement"]]


def actions(statement: dict[str, Any]) -> set[str]:
    action = statement["Action"]
    return {action} if isinstance(action, str) else set(action)


def tasks(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        yield from tasks(state.get("ItemProcessor", {}).get("States", {}))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_rebuild_can_publish_nothing_and_write_no_event(functions: dict[str, Any], name: str) -> None:
    for statement in statements(functions[name]):
        assert all(action.startswith("dynamodb:") for action in actions(statement)), statement
        if "EventTable" in json.dumps(statement["Resource"]):
            reading = {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:DescribeTable"}
            assert actions(statement) <= reading


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_records_of_the_work_are_put_without_a_condition_on_the_row(functions: dict[str, Any], name: str) -> None:
    puts = [one for one in statements(functions[name]) if "dynamodb:PutItem" in actions(one)]

    assert [one["Condition"] for one in puts] == [{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#*"]}}]


def test_every_task_is_tried_again_when_aws_fails() -> None:
    found = list(tasks(WORKFLOW["States"]))

    assert len(found) == 5
    for task in found:
        assert "Lambda.ServiceException" in task["Retry"][0]["ErrorEquals"]


def test_the_new_generation_is_read_only_after_it_was_filled_compared_and_confirmed() -> None:
    order, name = [], WORKFLOW["StartAt"]
    while name:
        order.append(name)
        name = WORKFLOW["States"][name].get("Next")

    assert order == ["Start", "Fill", "Verify", "Confirm", "Switch"]


@pytest.mark.parametrize(("name", "failure"), [("Fill", "NotFilled"), ("Verify", "NotVerified")])
def test_a_failed_map_ends_in_a_sentence_and_not_in_a_switch(name: str, failure: str) -> None:
    state = WORKFLOW["States"][name]

    assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert [caught["Next"] for caught in state["Catch"]] == [failure]
    assert "nothing was switched" in WORKFLOW["States"][failure]["Cause"]
    assert not {"ToleratedFailureCount", "ToleratedFailurePercentage"} & set(state)
