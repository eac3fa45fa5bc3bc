"""EventBridge as a bus: each entry's own answer, and what happens to a request as a whole."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from publisher.bus import LOOKS_EVERY, BusMissing, BusUnavailable, EventBridgeBus, RequestRefused
from publisher.entries import Entry
from tests.fakes.bus import FakeEventBridge

ENTRIES = [Entry("A", "{}"), Entry("B", "{}"), Entry("C", "{}")]
TAKEN = {"EventId": "1"}
FAILED = {"ErrorCode": "InternalFailure", "ErrorMessage": "secret"}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret"}}, "PutEvents")


def bus_of(client: FakeEventBridge, clock: Any = lambda: 0.0) -> EventBridgeBus:
    return EventBridgeBus(cast("Any", client), "bus", clock)


def test_each_entry_has_its_own_answer() -> None:
    client = FakeEventBridge({"FailedEntryCount": 1, "Entries": [TAKEN, FAILED, TAKEN]})

    assert bus_of(client).put(ENTRIES) == ["", "InternalFailure", ""]
    assert [entry["DetailType"] for entry in client.sent[0]] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ({"FailedEntryCount": 0, "Entries": [TAKEN]}, ["", "NoAnswer", "NoAnswer"]),
        ({}, ["NoAnswer"] * 3),
        ({"FailedEntryCount": 0, "Entries": [TAKEN, {}, {"EventId": ""}]}, ["", "NoAnswer", "NoAnswer"]),
        ({"FailedEntryCount": 0, "Entries": [TAKEN, TAKEN, {**TAKEN, **FAILED}, TAKEN]}, ["", "", "InternalFailure"]),
    ],
)
def test_an_entry_that_is_not_said_to_be_taken_is_not(answer: Any, codes: list[str]) -> None:
    assert bus_of(FakeEventBridge(answer)).put(ENTRIES) == codes


@pytest.mark.parametrize(
    ("failure", "kind", "text"),
    [
        (error("ThrottlingException"), BusUnavailable, "ThrottlingException"),
        (error("AccessDeniedException"), BusUnavailable, "AccessDeniedException"),
        (ReadTimeoutError(endpoint_url="https://x"), BusUnavailable, "ReadTimeoutError"),
        (error("ResourceNotFoundException"), BusMissing, "ResourceNotFoundException"),
        (error("ValidationException"), RequestRefused, "ValidationException"),
        (error("413"), RequestRefused, "413"),
    ],
)
def test_a_request_that_fails_as_a_whole_is_told_by_its_kind(
    failure: Exception, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=f"^{text}$"):
        bus_of(FakeEventBridge(failure)).put(ENTRIES)


def test_a_bus_that_is_gone_is_noticed_although_events_for_it_are_taken() -> None:
    client = FakeEventBridge(*[{"Entries": [TAKEN] * 3}] * 3)
    now = [0.0]
    bus = bus_of(client, lambda: now[0])
    bus.put(ENTRIES)
    client.missing = error("ResourceNotFoundException")

    now[0] = LOOKS_EVERY - 1
    bus.put(ENTRIES)
    now[0] = LOOKS_EVERY
    with pytest.raises(BusMissing):
        bus.put(ENTRIES)
    with pytest.raises(BusMissing):
        bus.put(ENTRIES)

    assert len(client.sent) == 2
    client.missing = None
    assert bus.put(ENTRIES) == ["", "", ""]


def test_an_entry_that_finds_no_bus_is_no_partial_failure() -> None:
    answer = {"FailedEntryCount": 1, "Entries": [TAKEN, {"ErrorCode": "ResourceNotFoundException"}, TAKEN]}

    with pytest.raises(BusMissing):
        bus_of(FakeEventBridge(answer)).put(ENTRIES)
