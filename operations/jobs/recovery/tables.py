"""Restores tables from DynamoDB's backups, and gives them what a restore leaves out.

A restore creates a new table. It has no stream, no point-in-time recovery, no deletion protection and no tags:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from operations.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECONDS_BETWEEN_LOOKS: Final = 10.0
_IMAGES: Final = "NEW_IMAGE"
_ACTIVE: Final = "ACTIVE"
# Tags that only AWS may set.
_RESERVED: Final = "aws:"
_REFUSALS: Final = frozenset({"InvalidRestoreTimeException", "PointInTimeRecoveryUnavailableException"})


@dataclass(frozen=True, slots=True)
class TableState:
    """A table, and what protects it.

    Attributes:
        name: The table's name.
        arn: The table's ARN.
        status: `ACTIVE` once it can be used.
        stream_label: The label of its stream of new images; empty if it has none.
        is_recoverable: Whether it has point-in-time recovery.
        is_protected: Whether it cannot be deleted.
        key_arn: The key of the customer that encrypts it; empty for a key of AWS.
        most_units: Its ceilings of on-demand throughput, as DynamoDB describes them; empty for none.
        as_of: The time that was restored, as DynamoDB describes it; empty for a table that was not restored.
    """

    name: str
    arn: str
    status: str
    stream_label: str
    is_recoverable: bool
    is_protected: bool
    key_arn: str
    most_units: Mapping[str, int]
    as_of: str = ""

    @property
    def is_active(self) -> bool:
        """Whether the table can be used."""
        return self.status == _ACTIVE


class RestorableTables:
    """The tables of an account and region, and their backups."""

    def __init__(self, client: "DynamoDBClient", pause: Callable[[float], None] = time.sleep) -> None:
        """Connect to DynamoDB.

        Args:
            pause: Sleeps between two looks at a table; takes seconds.
        """
        self._client = client
        self._pause = pause

    def state(self, name: str) -> TableState | None:
        """The table; None if no table has this name."""
        try:
            table = self._client.describe_table(TableName=name)["Table"]
        except self._client.exceptions.ResourceNotFoundException:
            return None
        stream: Any = table.get("StreamSpecification", {})
        has_stream = stream.get("StreamEnabled") and stream.get("StreamViewType") == _IMAGES
        most_units: Any = table.get("OnDemandThroughput", {})
        return TableState(
            name=name,
            arn=table["TableArn"],
            status=table["TableStatus"],
            stream_label=table.get("LatestStreamLabel", "") if has_stream else "",
            is_recoverable=self._recovery(name).get("PointInTimeRecoveryStatus") == "ENABLED",
            is_protected=table.get("DeletionProtectionEnabled", False),
            key_arn=table.get("SSEDescription", {}).get("KMSMasterKeyArn", ""),
            most_units=most_units,
            as_of=str(table.get("RestoreSummary", {}).get("RestoreDateTime", "")),
        )

    def restore(self, source: TableState, target: str, at: datetime | None) -> None:
        """Begin to restore a table as it was at some second. The new table has the old one's key and ceilings.

        Args:
            source: The table as it is now.
            target: The new table's name.
            at: The second to restore, with a time zone; None for the latest that is possible.

        Raises:
            CommandError: DynamoDB has no backup of that second.
        """
        when: Any = {"RestoreDateTime": at} if at else {"UseLatestRestorableTime": True}
        ceilings: Any = {"OnDemandThroughputOverride": source.most_units} if source.most_units else {}
        try:
            self._client.restore_table_to_point_in_time(
                SourceTableName=source.name,
                TargetTableName=target,
                BillingModeOverride="PAY_PER_REQUEST",
                **_encrypted(source.key_arn),
                **when,
                **ceilings,
            )
        except ClientError as refused:
            if refused.response["Error"]["Code"] not in _REFUSALS:
                raise
            recovery = self._recovery(source.name)
            earliest, latest = (recovery.get(f"{end}RestorableDateTime") for end in ("Earliest", "Latest"))
            raise CommandError(
                f"{source.name} cannot be restored to that time: DynamoDB has backups from {earliest} to {latest}."
            ) from None

    def restore_deleted(self, source: str, target: str, key_arn: str) -> None:
        """Begin to restore a table that was deleted, as it was then: DynamoDB keeps a backup of it for 35 days.

        Args:
            source: The deleted table's name.
            target: The new table's name, which may be the same.
            key_arn: The key that encrypts the new table, if the backup does not name one; empty for a key of AWS.

        Raises:
            CommandError: There is no backup.
        """
        backups = self._backups(source)
        if not backups:
            raise CommandError(
                f"There is neither a table {source} nor a backup of it. Restore it from a copy of your own, see "
                "docs/how-to/recover-from-disaster.md."
            )
        newest = max(backups, key=lambda backup: backup["BackupCreationDateTime"])
        self._client.restore_table_from_backup(
            TargetTableName=target,
            BackupArn=newest["BackupArn"],
            BillingModeOverride="PAY_PER_REQUEST",
            **_encrypted(self._key_of(newest["BackupArn"]) or key_arn),
        )

    def wait(self, name: str) -> TableState:
        """Wait until a table can be used.

        Raises:
            CommandError: The table is gone, for example because its restore failed.
        """
        while True:
            state = self.state(name)
            if state is None:
                raise CommandError(f"The table {name} is gone: the restore failed, or something deleted it.")
            if state.is_active:
                return state
            self._pause(SECONDS_BETWEEN_LOOKS)

    def protect(self, name: str, tags: Sequence[Any], *, with_stream: bool, deletable: bool) -> TableState:
        """Give a restored table what a restore leaves out. This is safe to repeat.

        Args:
            name: A table that can be used.
            tags: See `tags`.
            with_stream: Whether its changes are read.
            deletable: Whether it may be deleted, as on the local stage.
        """
        state = self.wait(name)
        if with_stream and not state.stream_label:
            stream: Any = {"StreamEnabled": True, "StreamViewType": _IMAGES}
            self._client.update_table(TableName=name, StreamSpecification=stream)
            state = self.wait(name)
        if not state.is_protected and not deletable:
            self._client.update_table(TableName=name, DeletionProtectionEnabled=True)
            state = self.wait(name)
        if not state.is_recoverable:
            recovery: Any = {"PointInTimeRecoveryEnabled": True}
            self._client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
        if tags:
            self._client.tag_resource(ResourceArn=state.arn, Tags=tags)
        return self.wait(name)

    def tags(self, table: TableState) -> Sequence[Any]:
        """The tags of a table that another table may have, too."""
        pages = self._client.get_paginator("list_tags_of_resource").paginate(ResourceArn=table.arn)
        return [tag for page in pages for tag in page["Tags"] if not tag["Key"].startswith(_RESERVED)]

    def _backups(self, table: str) -> Sequence[Any]:
        pages = self._client.get_paginator("list_backups").paginate(TableName=table, BackupType="ALL")
        return [backup for page in pages for backup in page["BackupSummaries"]]

    def _key_of(self, backup_arn: str) -> str:
        description = self._client.describe_backup(BackupArn=backup_arn)["BackupDescription"]
        encryption = description.get("SourceTableFeatureDetails", {}).get("SSEDescription", {})
        return encryption.get("KMSMasterKeyArn", "")

    def _recovery(self, name: str) -> Mapping[str, Any]:
        found: Any = self._client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery: Mapping[str, Any] = found.get("PointInTimeRecoveryDescription", {})
        return recovery


def _encrypted(key_arn: str) -> Any:
    if not key_arn:
        return {}
    return {"SSESpecificationOverride": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_arn}}
