"""Parsing one entry of ListEventSourceMappings."""

from typing import Any

import pytest

from local.event_source_mapping.settings import MappingSettings, SettingsError, parse_settings, reads_dynamodb
from tests.unit.event_source_mapping.fakes import FUNCTION, QUEUE, STREAM

LEAST = {"UUID": "m", "EventSourceArn": STREAM, "FunctionArn": FUNCTION, "StartingPosition": "TRIM_HORIZON"}


def test_absent_fields_have_the_defaults_of_aws() -> None:
    assert parse_settings(LEAST) == MappingSettings("m", STREAM, FUNCTION, "TRIM_HORIZON")


def test_every_field_is_read() -> None:
    pattern = '{"eventName": ["INSERT"]}'
    entry = LEAST | {
        "StartingPosition": "LATEST",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 3,
        "MaximumRetryAttempts": 5,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": True,
        "ParallelizationFactor": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
        "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
    }
    expected = MappingSettings("m", STREAM, FUNCTION, "LATEST", 10, 3.0, 5, 3600, True, True, QUEUE, (pattern,))
    assert parse_settings(entry) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("UUID", ""),
        ("EventSourceArn", "arn:aws:sqs:us-east-1:000000000000:queue"),
        ("FunctionArn", None),
        ("StartingPosition", "AT_TIMESTAMP"),
        ("StartingPosition", None),
        ("BatchSize", 0),
        ("BatchSize", 10_001),
        ("BatchSize", "10"),
        ("BatchSize", True),
        ("MaximumBatchingWindowInSeconds", 301),
        ("MaximumRetryAttempts", -2),
        ("MaximumRecordAgeInSeconds", 59),
        ("MaximumRecordAgeInSeconds", 604_801),
        ("BisectBatchOnFunctionError", "yes"),
        ("FunctionResponseTypes", "ReportBatchItemFailures"),
        ("ParallelizationFactor", 2),
        ("TumblingWindowInSeconds", 1),
        ("DestinationConfig", {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}),
        ("DestinationConfig", {"OnFailure": {"Destination": QUEUE + ".fifo"}}),
        ("DestinationConfig", []),
        ("FilterCriteria", {"Filters": [{}]}),
        ("FilterCriteria", {"Filters": 7}),
        ("FilterCriteria", {"Filters": [{"Pattern": "{"}]}),
    ],
)
def test_the_error_for_a_bad_value_names_its_field(field: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=field):
        parse_settings(LEAST | {field: value})


def test_only_dynamodb_streams_are_read() -> None:
    assert reads_dynamodb(LEAST)
    assert not reads_dynamodb({"EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:queue"})
    assert not reads_dynamodb({})
