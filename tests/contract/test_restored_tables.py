"""The commands that restore tables and change a stack's parameters, against moto.

moto restores as AWS does in what matters here: a new table without stream, point-in-time recovery, protection and tags.
It knows no time, so the restored moment is rehearsed in tests/unit/operations/recovery.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

import operations.__main__ as program
from events.codec import to_item
from local import tables
from operations.errors import CommandError
from operations.jobs.recovery.parameters import StackParameters
from operations.jobs.recovery.tables import RestorableTables
from operations.output import Output
from operations.stack import Stack
from tests.samples import history
from tests.unit.operations.stack import FakeStack

NAMES = {
    output: tables.from_template()[output]["TableName"]
    for output in ("EventTable", "ClaimsTable", "ErasuresTable", "ErasureLogTable", "ReadTable")
}
PARAMETERS = ("Closed", "EventTableName", "EventStreamLabel", "Epoch", "GradualDeployment", "AlarmEmail")
DEFAULTS = {"Closed": "false", "Epoch": "1", "GradualDeployment": "true", "AlarmEmail": "ops@example.com"}
TEMPLATE = {
    "Parameters": {name: {"Type": "String", "Default": ""} for name in PARAMETERS},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Closed"}}}},
}


class Aws:
    """An account with the template's tables and a stack with the parameters that a recovery changes."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        self.cloudformation = boto3.client("cloudformation", region_name="us-east-1")
        self.key = boto3.client("kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
        encrypted: Any = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": self.key}
        recovery: Any = {"PointInTimeRecoveryEnabled": True}
        for output, name in NAMES.items():
            tags: Any = [{"Key": "team", "Value": "customers"}]
            definition: Any = tables.from_template()[output]
            self.dynamodb.create_table(
                **definition, SSESpecification=encrypted, DeletionProtectionEnabled=True, Tags=tags
            )
            self.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
        given: Any = [{"ParameterKey": name, "ParameterValue": DEFAULTS.get(name, "")} for name in PARAMETERS]
        self.cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(TEMPLATE), Parameters=given)
        self.printed = ""

    def stack(self, *_: str) -> Stack:
        """The stack as the commands see it now."""
        values = self.parameters.values()
        return replace(
            FakeStack().stack,
            tables={**NAMES, "EventTable": values["EventTableName"] or NAMES["EventTable"]},
            control=RestorableTables(self.dynamodb, lambda _: None),
            parameters=self.parameters,
            epoch=int(values["Epoch"]),
        )

    @property
    def parameters(self) -> StackParameters:
        return StackParameters(self.cloudformation, "shop", lambda _: None)

    def delete(self, name: str, *, backed_up: bool = True) -> None:
        """Delete a table. AWS makes a backup of it then, and moto does not."""
        if backed_up:
            self.dynamodb.create_backup(TableName=name, BackupName="at-its-deletion")
        self.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        self.dynamodb.delete_table(TableName=name)

    def run(self, *words: str) -> int:
        printed = io.StringIO()
        with patch.object(program, "Output", lambda *, as_json: Output(as_json=as_json, to=printed)):
            status = program.main(words, self.stack)
        self.printed = printed.getvalue()
        return status


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Aws()


def test_a_restored_table_has_what_a_restore_leaves_out(aws: Aws) -> None:
    for event in history("c", 3):
        aws.dynamodb.put_item(TableName=NAMES["EventTable"], Item=to_item(event))
    control = RestorableTables(aws.dynamodb, lambda _: None)
    before = control.state(NAMES["EventTable"])
    assert before
    control.restore(before, "bare", datetime(2026, 11, 28, tzinfo=UTC))
    bare = control.state("bare")
    assert bare
    assert (bare.stream_label, bare.is_recoverable, bare.is_protected, control.tags(bare)) == ("", False, False, [])

    assert aws.run("recover", "restore", "--to", "2026-11-28T00:00:00Z") == 0

    restored = control.state(f"{NAMES['EventTable']}-2")
    assert restored
    assert restored.stream_label
    assert restored.is_recoverable
    assert restored.is_protected
    assert control.tags(restored) == [{"Key": "team", "Value": "customers"}]
    assert aws.dynamodb.scan(TableName=restored.name)["Count"] == 3
    assert f"{restored.name}" in aws.printed


def test_a_restore_that_was_cut_is_continued(aws: Aws) -> None:
    control = RestorableTables(aws.dynamodb, lambda _: None)
    before = control.state(NAMES["EventTable"])
    assert before
    control.restore(before, f"{NAMES['EventTable']}-2", None)

    assert [aws.run("recover", "restore") for _ in range(2)] == [0, 0]
    restored = control.state(f"{NAMES['EventTable']}-2")
    assert restored
    assert restored.stream_label


def test_deleted_tables_are_restored_from_their_last_backup(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    [event] = history("c", 1)
    aws.dynamodb.put_item(TableName=NAMES["EventTable"], Item=to_item(event))
    aws.dynamodb.put_item(TableName=NAMES["ErasureLogTable"], Item={"customer_id": {"S": "gone"}})
    for output in ("EventTable", "ErasureLogTable", "ReadTable"):
        aws.delete(NAMES[output])

    assert aws.run("recover", "restore", "--to", "2026-11-28T00:00:00Z") == 1
    assert "leave out --to" in capsys.readouterr().err
    assert aws.run("recover", "restore") == 0

    for name in (f"{NAMES['EventTable']}-2", NAMES["ErasureLogTable"]):
        assert aws.dynamodb.scan(TableName=name)["Count"] == 1
    read = aws.dynamodb.describe_table(TableName=NAMES["ReadTable"])["Table"]
    assert {index["IndexName"] for index in read["GlobalSecondaryIndexes"]} == {"listing", "parked", "address"}
    assert aws.run("recover", "check") == 1
    # moto does not encrypt what it restores. The rehearsals do.
    lines = [line for line in aws.printed.splitlines()[1:-1] if "is not encrypted" not in line]
    assert lines == [f"{'EventTable':<16}  does not exist"]


def test_a_table_without_any_backup_is_reported(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.delete(NAMES["EventTable"], backed_up=False)

    assert aws.run("recover", "restore") == 1
    assert "There is neither a table" in capsys.readouterr().err


def test_the_stack_is_closed_pointed_at_the_table_and_opened(aws: Aws) -> None:
    assert aws.run("recover", "close") == 0
    assert aws.parameters.values()["Closed"] == "true"
    assert aws.run("recover", "restore") == 0
    assert aws.run("recover", "point") == 0
    label = aws.dynamodb.describe_table(TableName=f"{NAMES['EventTable']}-2")["Table"]["LatestStreamLabel"]
    pointed = {"EventTableName": f"{NAMES['EventTable']}-2", "EventStreamLabel": label, "Epoch": "2"}

    assert aws.parameters.values() == {**DEFAULTS, "Closed": "true", **pointed, "GradualDeployment": "false"}
    assert f"EventStreamLabel={label} Epoch=2" in aws.printed
    assert [aws.run("recover", "open") for _ in range(2)] == [0, 0]
    assert aws.parameters.values()["Closed"] == "false"


def test_the_stack_is_not_pointed_at_a_table_that_is_not_there(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    assert aws.run("recover", "point") == 1
    assert "'recover restore' makes it" in capsys.readouterr().err
    assert aws.parameters.values()["Epoch"] == "1"


def test_a_second_disaster_gets_the_next_number(aws: Aws) -> None:
    for epoch in (2, 3):
        assert aws.run("recover", "restore") == 0
        assert aws.run("recover", "point") == 0
        assert aws.stack().tables["EventTable"] == f"{NAMES['EventTable']}-{epoch}"
        assert aws.stack().epoch == epoch


def test_what_a_table_lacks_is_found(aws: Aws) -> None:
    assert aws.run("recover", "check") == 0
    aws.dynamodb.update_table(TableName=NAMES["EventTable"], StreamSpecification={"StreamEnabled": False})
    aws.dynamodb.update_table(TableName=NAMES["ClaimsTable"], DeletionProtectionEnabled=False)
    aws.dynamodb.update_continuous_backups(
        TableName=NAMES["ReadTable"], PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    aws.parameters.change({"EventTableName": NAMES["EventTable"]})

    assert aws.run("recover", "check", "--json") == 1
    assert [json.loads(line) for line in aws.printed.splitlines()] == [
        {"table": "EventTable", "problem": "has no stream of new images"},
        {"table": "ClaimsTable", "problem": "has no deletion protection"},
        {"table": "ReadTable", "problem": "has no point-in-time recovery"},
        {
            "table": "EventTable",
            "problem": "was restored, but the epoch is 1: consumers take new events for repeats",
        },
        {"epoch": 1, "problems": 4},
    ]


def test_a_stack_of_an_older_release_is_refused(aws: Aws) -> None:
    with pytest.raises(CommandError, match="no parameter Nothing: deploy this release to it first"):
        aws.parameters.change({"Closed": "true", "Nothing": "1"})
    assert aws.parameters.values()["Closed"] == "false"
