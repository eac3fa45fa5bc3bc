"""The settings of one mapping, read from Lambda's ListEventSourceMappings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from local.event_source_mapping.filters import FilterError, compile_filters

StartingPosition: TypeAlias = Literal["TRIM_HORIZON", "LATEST"]

_STREAM: Final = re.compile(r"arn:aws[\w-]*:dynamodb:[^:]+:\d*:table/[^/]+/stream/.+")
_DESTINATION: Final = re.compile(r"arn:aws[\w-]*:(sqs|sns):[^:]+:\d*:(?!.*\.fifo$).+")


class SettingsError(ValueError):
    """A mapping has unsupported settings. The message names the mapping and the field."""


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """One mapping between a DynamoDB stream and a function. The defaults are AWS's.

    Attributes:
        function_arn: With the qualifier, if there is one.
        starting_position: Where a mapping without checkpoints starts.
        batch_size: Maximum number of records in a batch.
        window: Seconds that a batch waits for more records.
        max_retries: Retries after the first invocation; -1 means no limit.
        max_record_age: Seconds after which a record is discarded; -1 means no limit.
        bisect: Whether a failed batch is split in half.
        reports_failures: Whether partial batch responses count (ReportBatchItemFailures).
        destination: ARN of the SQS queue or SNS topic for metadata of discarded batches.
        patterns: Filter patterns as JSON strings. A record passes if any of them matches, or if there are none.
    """

    uuid: str
    stream_arn: str
    function_arn: str
    starting_position: StartingPosition = "TRIM_HORIZON"
    batch_size: int = 100
    window: float = 0.0
    max_retries: int = -1
    max_record_age: int = -1
    bisect: bool = False
    reports_failures: bool = False
    destination: str | None = None
    patterns: tuple[str, ...] = ()


def reads_dynamodb(entry: Mapping[str, object]) -> bool:
    """Whether an entry of ListEventSourceMappings reads a DynamoDB stream."""
    return _STREAM.fullmatch(str(entry.get("EventSourceArn", ""))) is not None


def parse_settings(entry: Mapping[str, object]) -> MappingSettings:
    """Read one entry of ListEventSourceMappings.

    Args:
        entry: As boto3 returns it. Absent fields take AWS's defaults (AWS Lambda docs, "Lambda parameters for Amazon
            DynamoDB event source mappings").

    Raises:
        SettingsError: A field is missing, out of range or not supported here.
    """
    fields = _Fields(entry)
    _refuse_unsupported(fields)
    return MappingSettings(
        uuid=fields.text("UUID"),
        stream_arn=fields.matching("EventSourceArn", _STREAM, "the ARN of a DynamoDB stream"),
        function_arn=fields.text("FunctionArn"),
        starting_position=_starting_position(fields),
        batch_size=fields.whole("BatchSize", 100, 1, 10_000),
        window=float(fields.whole("MaximumBatchingWindowInSeconds", 0, 0, 300)),
        max_retries=fields.whole("MaximumRetryAttempts", -1, -1, 10_000),
        max_record_age=_record_age(fields),
        bisect=fields.flag("BisectBatchOnFunctionError"),
        reports_failures="ReportBatchItemFailures" in fields.list_of("FunctionResponseTypes"),
        destination=_destination(fields),
        patterns=_patterns(fields),
    )


class _Fields:
    """Reads typed fields, with errors that name them."""

    def __init__(self, entry: Mapping[str, object]) -> None:
        self._entry = entry

    def wrong(self, name: str, expected: str) -> SettingsError:
        found = self._entry.get(name)
        return SettingsError(f"mapping {self._entry.get('UUID', '?')}: {name} must be {expected}, not {found!r}")

    def get(self, name: str) -> object:
        return self._entry.get(name)

    def text(self, name: str) -> str:
        value = self._entry.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, "a string")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], meaning: str) -> str:
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise self.wrong(name, meaning)
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        value = self._entry.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(name, f"a whole number from {least} to {most}")
        return value

    def flag(self, name: str) -> bool:
        value = self._entry.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return bool(value)

    def list_of(self, name: str) -> list[object]:
        value = self._entry.get(name)
        if value is not None and not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value or []

    def inner(self, name: str) -> Mapping[str, object]:
        value = self._entry.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self.wrong(name, "an object")
        return value or {}


def _refuse_unsupported(fields: _Fields) -> None:
    if fields.get("TumblingWindowInSeconds"):
        raise fields.wrong("TumblingWindowInSeconds", "absent: tumbling windows are not supported here")
    if fields.get("ParallelizationFactor") not in (None, 1):
        raise fields.wrong("ParallelizationFactor", "1: parallel reads of a shard are not supported here")


def _starting_position(fields: _Fields) -> StartingPosition:
    match fields.get("StartingPosition"):
        case "TRIM_HORIZON":
            return "TRIM_HORIZON"
        case "LATEST":
            return "LATEST"
        case _:
            raise fields.wrong("StartingPosition", "TRIM_HORIZON or LATEST")


def _record_age(fields: _Fields) -> int:
    age = fields.whole("MaximumRecordAgeInSeconds", -1, -1, 604_800)
    # CloudFormation docs: values between -1 and 60 are within the range but not allowed.
    if -1 < age < 60:  # noqa: PLR2004 - explained above
        raise fields.wrong("MaximumRecordAgeInSeconds", "-1, or from 60 to 604800")
    return age


def _destination(fields: _Fields) -> str | None:
    on_failure = fields.inner("DestinationConfig").get("OnFailure") or {}
    arn = on_failure.get("Destination") if isinstance(on_failure, Mapping) else on_failure
    if arn in (None, ""):
        return None
    if not isinstance(arn, str) or not _DESTINATION.fullmatch(arn):
        raise fields.wrong("DestinationConfig", "the ARN of a standard SQS queue or SNS topic under OnFailure")
    return arn


def _patterns(fields: _Fields) -> tuple[str, ...]:
    filters = fields.inner("FilterCriteria").get("Filters") or []
    try:
        patterns = tuple(item["Pattern"] for item in filters)  # type: ignore[attr-defined]
        compile_filters(patterns)
    except (TypeError, KeyError) as wrong:
        raise fields.wrong("FilterCriteria", "a list of Filters, each with a Pattern") from wrong
    except FilterError as wrong:
        raise fields.wrong("FilterCriteria", f"a list of valid patterns ({wrong})") from wrong
    return patterns
