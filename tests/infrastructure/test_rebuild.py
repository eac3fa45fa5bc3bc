"""The permissions and the workflow of a rebuild are correct, also where the local AWS would not notice."""

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
def test_a_rebuild_cannot_publish_or_write_events(functions: dict[str, Any], name: str) -> None:
    for statement in statements(functions[name]):
        assert all(action.startswith("dynamodb:") for action in actions(statement)), statement
        if "EventTable" in json.dumps(statement["Resource"]):
            reading = {"dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:DescribeTable"}
            # A condition on an event is a part of a transaction that changes none.
            assert actions(statement) <= reading | {"dynamodb:ConditionCheckItem"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_control_items_are_written_without_a_condition_on_the_row(functions: dict[str, Any], name: str) -> None:
    """Rows and counters of views that count customers have such keys too."""
    writing = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    writes = [statement for statement in statements(functions[name]) if writing & actions(statement)]

    assert writes
    for statement in writes:
        assert statement["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#*"]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        }


def test_every_task_is_retried_after_every_error_but_those_that_never_pass() -> None:
    """tests/unit/projections/maintenance/test_state_machine.py tries the rules with every error of DynamoDB."""
    found = list(tasks(WORKFLOW["States"]))

    assert len(found) == 5
    for task in found:
        never, always = task["Retry"]
        assert (never["ErrorEquals"][0], never["MaxAttempts"]) == ("PermanentFailure", 0)
        assert (always["ErrorEquals"], always["JitterStrategy"]) == (["States.ALL"], "FULL")


def test_queries_switch_only_after_the_generation_is_filled_verified_and_confirmed() -> None:
    order, name = [], WORKFLOW["StartAt"]
    while name:
        order.append(name)
        name = WORKFLOW["States"][name].get("Next")

    assert order == ["Start", "Fill", "Verify", "Confirm", "Switch"]


@pytest.mark.parametrize(("name", "failure"), [("Fill", "NotFilled"), ("Verify", "NotVerified")])
def test_a_failed_map_ends_with_an_explanation_and_without_a_switch(name: str, failure: str) -> None:
    state = WORKFLOW["States"][name]

    assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert [caught["Next"] for caught in state["Catch"]] == [failure]
    assert "nothing was switched" in WORKFLOW["States"][failure]["Cause"]
    assert not {"ToleratedFailureCount", "ToleratedFailurePercentage"} & set(state)
