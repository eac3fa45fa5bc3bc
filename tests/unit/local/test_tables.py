import json
from pathlib import Path
from typing import Any

import pytest

from local import tables
from local.environments import ROOT


def test_the_event_table_is_the_templates() -> None:
    event_table = tables.from_template()["EventTable"]
    assert event_table["TableName"] == "local-customer-events"
    assert event_table["KeySchema"] == [
        {"AttributeName": "customer_id", "KeyType": "HASH"},
        {"AttributeName": "version", "KeyType": "RANGE"},
    ]
    assert event_table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def test_the_read_table_keeps_its_indexes() -> None:
    read_table = tables.from_template()["ReadTable"]
    assert [index["IndexName"] for index in read_table["GlobalSecondaryIndexes"]] == ["listing", "parked", "address"]


def test_no_table_contains_an_unresolved_value() -> None:
    assert not {"Ref", "Sub", "If", "${"} & set(json.dumps(tables.from_template()).replace('"', " ").split())


def template_with(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Sub": "x"}, **properties}}}
    }


def test_an_unknown_property_is_refused_not_dropped() -> None:
    with pytest.raises(ValueError, match="does not know: Surprise"):
        tables.from_template(template_with({"Surprise": 1}))


def test_names_come_from_the_env_file(tmp_path: Path) -> None:
    env_file = tmp_path / "env.json"
    env_file.write_text(json.dumps({"CreateCustomer": {"EVENT_TABLE": "mine"}}))
    definitions = tables.from_env_file(env_file)
    assert (definitions["EventTable"]["TableName"], definitions["ReadTable"]["TableName"]) == (
        "mine",
        "local-customers",
    )


def test_the_projects_env_file_and_template_agree() -> None:
    assert tables.from_env_file(ROOT / "events" / "env.json") == tables.from_template()
