import json
from pathlib import Path
from typing import Any

import pytest

from local import tables
from local.environments import ROOT


def test_the_event_table_is_the_templates_own() -> None:
    event_table = tables.of_template()["EventTable"]
    assert event_table["TableName"] == "local-customer-events"
    assert event_table["KeySchema"] == [
        {"AttributeName": "customer_id", "KeyType": "HASH"},
        {"AttributeName": "version", "KeyType": "RANGE"},
    ]
    assert event_table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def test_the_read_table_keeps_its_indexes() -> None:
    read_table = tables.of_template()["ReadTable"]
    assert [index["IndexName"] for index in read_table["GlobalSecondaryIndexes"]] == ["listing", "parked"]


def test_no_table_keeps_anything_unresolved() -> None:
    assert not {"Ref", "Sub", "If", "${"} & set(json.dumps(tables.of_template()).replace('"', " ").split())


def template_with(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Sub": "x"}, **properties}}}
    }


def test_a_property_that_is_not_known_is_refused_not_dropped() -> None:
    with pytest.raises(ValueError, match="does not know: Surprise"):
        tables.of_template(template_with({"Surprise": 1}))


def test_names_come_from_the_env_file(tmp_path: Path) -> None:
    env_file = tmp_path / "env.json"
    env_file.write_text(json.dumps({"CreateCustomer": {"EVENT_TABLE": "mine"}}))
    named = tables.named_by(env_file)
    assert (named["EventTable"]["TableName"], named["ReadTable"]["TableName"]) == ("mine", "local-customers")


def test_the_projects_env_file_and_template_agree() -> None:
    assert tables.named_by(ROOT / "events" / "env.json") == tables.of_template()
