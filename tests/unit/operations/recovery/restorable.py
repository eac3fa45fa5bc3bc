# ruff: noqa: N803 - the parameters have boto3's names
"""DynamoDB in memory with backups of every moment, and a stack whose parameters name its event table."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from tests.simulation.clock import VirtualClock
from tests.simulation.database import Database
from tests.simulation.errors import refused
from tests.simulation.fake_dynamodb import FakeDynamoDb, Surroundings
from tests.simulation.tables import Change, Key, Table

_NOT_FOUND: Final = "ResourceNotFoundException"
# How often a restored table is looked at before it can be used.
_LOOKS: Final = 3


class RestorableDynamoDb(FakeDynamoDb):
    """The client. It keeps every write of the event table, so that the table can be restored to any time.

    Attributes:
        described: What DynamoDB says of each table, apart from its items.
    """

    def __init__(self, database: Database, world: Surroundings, clock: VirtualClock) -> None:
        super().__init__(database, world, 7)
        self._tables = database.tables
        self._clock = clock
        self._journal: list[tuple[float, Change]] = []
        self._deleted: dict[str, Table] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self.described: dict[str, dict[str, Any]] = {name: _protected() for name in database.tables}

    def keep(self, changes: Sequence[Change]) -> None:
        """Keep the changes of one write."""
        self._journal += [(self._clock.time, change) for change in changes]

    def lose(self, name: str) -> None:
        """Something deletes a table. Its last backup remains."""
        self._deleted[name] = self._tables.pop(name)
        self._keys[name] = {"KMSMasterKeyArn": self.described.pop(name)["key"]}

    # DynamoDB's operations.

    def describe_table(self, *, TableName: str) -> dict[str, Any]:
        known = self._known(TableName)
        if known["looks"]:
            known["looks"] -= 1
        return {
            "Table": {
                "TableArn": f"arn:{TableName}",
                "TableStatus": "CREATING" if known["looks"] else "ACTIVE",
                "DeletionProtectionEnabled": known["protected"],
                "StreamSpecification": {"StreamEnabled": bool(known["stream"]), "StreamViewType": "NEW_IMAGE"},
                "LatestStreamLabel": known["stream"],
                "SSEDescription": {"KMSMasterKeyArn": known["key"]},
            }
        }

    def describe_continuous_backups(self, *, TableName: str) -> dict[str, Any]:
        recovery = {"PointInTimeRecoveryStatus": "ENABLED" if self._known(TableName)["recoverable"] else "DISABLED"}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}

    def describe_backup(self, *, BackupArn: str) -> dict[str, Any]:
        return {"BackupDescription": {"SourceTableFeatureDetails": {"SSEDescription": self._keys[BackupArn]}}}

    def update_continuous_backups(self, *, TableName: str, **_: Any) -> None:
        self._known(TableName)["recoverable"] = True

    def update_table(
        self,
        *,
        TableName: str,
        StreamSpecification: Any = None,
        DeletionProtectionEnabled: bool = False,
    ) -> None:
        known = self._known(TableName)
        known["stream"] = known["stream"] or (f"label-of-{TableName}" if StreamSpecification else "")
        known["protected"] = known["protected"] or DeletionProtectionEnabled

    def tag_resource(self, *, ResourceArn: str, Tags: Sequence[Any]) -> None:
        self._known(ResourceArn.removeprefix("arn:"))["tags"] = list(Tags)

    def restore_table_to_point_in_time(
        self,
        *,
        SourceTableName: str,
        TargetTableName: str,
        SSESpecificationOverride: Any,
        RestoreDateTime: datetime | None = None,
        UseLatestRestorableTime: bool = False,
        BillingModeOverride: str = "",
    ) -> None:
        source = self._tables[SourceTableName]
        until = RestoreDateTime.timestamp() if RestoreDateTime else self._clock.time
        items: dict[Key, Any] = {}
        for time, change in self._journal:
            if change.table == SourceTableName and time <= until:
                items[change.key] = change.new
        self._make(TargetTableName, source, items, SSESpecificationOverride["KMSMasterKeyId"])

    def restore_table_from_backup(
        self,
        *,
        TargetTableName: str,
        BackupArn: str,
        SSESpecificationOverride: Any,
        BillingModeOverride: str,
    ) -> None:
        source = self._deleted[BackupArn]
        self._make(TargetTableName, source, dict(source.all()), SSESpecificationOverride["KMSMasterKeyId"])

    def get_paginator(self, operation: str) -> Any:
        match operation:
            case "list_tags_of_resource":
                return SimpleNamespace(paginate=self._tags)
            case "list_backups":
                return SimpleNamespace(paginate=self._backups)
            case _:
                return super().get_paginator(operation)

    def _tags(self, ResourceArn: str) -> Iterator[Any]:
        yield {"Tags": self._known(ResourceArn.removeprefix("arn:"))["tags"]}

    def _backups(self, TableName: str, BackupType: str) -> Iterator[Any]:
        deleted = [TableName] if TableName in self._deleted else []
        yield {"BackupSummaries": [{"BackupArn": name, "BackupCreationDateTime": 0} for name in deleted]}

    def _known(self, name: str) -> dict[str, Any]:
        if name not in self.described:
            raise refused(_NOT_FOUND, "DescribeTable")
        return self.described[name]

    def _make(self, name: str, like: Table, items: Mapping[Key, Any], key: str) -> None:
        made = Table(name, like.partition, like.sort, **like.indexes)
        for each, item in items.items():
            if item is not None:
                made.replace(each, item, self._clock.time)
                self._journal.append((self._clock.time, Change(name, each, None, item)))
        self._tables[name] = made
        bare = {"stream": "", "protected": False, "recoverable": False, "tags": [], "looks": _LOOKS}
        self.described[name] = {**bare, "key": key}


def _protected() -> dict[str, Any]:
    tags = [{"Key": "team", "Value": "customers"}, {"Key": "aws:cloudformation:stack-name", "Value": "x"}]
    return {"stream": "s", "protected": True, "recoverable": True, "tags": tags, "key": "key-1", "looks": 0}


class FakeCloudFormation:
    """A stack whose update is complete at the second look.

    Attributes:
        values: The parameters in force.
        updates: The parameters that each update changed.
    """

    def __init__(self, **values: str) -> None:
        self.values = values
        self.updates: list[dict[str, str]] = []
        self._statuses: list[str] = []

    def describe_stacks(self, *, StackName: str) -> Any:
        status = self._statuses.pop(0) if self._statuses else "UPDATE_COMPLETE"
        found = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.values.items()]
        return {"Stacks": [{"StackStatus": status, "Parameters": found}]}

    def update_stack(self, *, Parameters: Sequence[Any], UsePreviousTemplate: bool, **_: Any) -> None:
        assert UsePreviousTemplate
        assert [each["ParameterKey"] for each in Parameters] == list(self.values)
        changed = {each["ParameterKey"]: each["ParameterValue"] for each in Parameters if "ParameterValue" in each}
        self.values |= changed
        self.updates.append(changed)
        self._statuses = ["UPDATE_IN_PROGRESS"]
