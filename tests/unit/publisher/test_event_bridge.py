"""EventBridge as the bus: the result of each entry, and the failure of a whole request."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from publisher.bus import BusMissing, BusUnavailable, RequestRefused
from publisher.entries import MAX_ENTRIES, Entry
from publisher.event_bridge import CHECK_INTERVAL_SECONDS, EventBridgeBus
from tests.fakes.bus import FakeEventBridge

ENTRIES = [Entry("A", "{}"), Entry("B", "{}"), Entry("C", "{}")]
ACCEPTED = {"EventId": "1"}
FAILED = {"ErrorCode": "InternalFailure", "ErrorMessage": "secret"}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret"}}, "PutEvents")


def bus_of(client: FakeEventBridge, clock: Any = lambda: 0.0) -> EventBridgeBus:
    return EventBridgeBus(cast("Any", client), "bus", clock)


def test_each_entry_has_its_own_result() -> None:
    client = FakeEventBridge({"FailedEntryCount": 1, "Entries": [ACCEPTED, FAILED, ACCEPTED]})

    assert bus_of(client).put(ENTRIES) == ["", "InternalFailure", ""]
    assert [entry["DetailType"] for entry in client.sent[0]] == ["A", "B", "C"]


def test_exactly_as_many_entries_as_a_request_takes_are_all_sent_and_all_answered() -> None:
    entries = [Entry(str(number), "{}") for number in range(MAX_ENTRIES)]
    client = FakeEventBridge({"FailedEntryCount": 1, "Entries": [*[ACCEPTED] * 9, FAILED]})

    assert bus_of(client).put(entries) == [*[""] * 9, "InternalFailure"]
    assert [entry["DetailType"] for entry in client.sent[0]] == [entry.detail_type for entry in entries]


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ({"FailedEntryCount": 0, "Entries": [ACCEPTED]}, ["", "NoAnswer", "NoAnswer"]),
        ({}, ["NoAnswer"] * 3),
        ({"FailedEntryCount": 0, "Entries": [ACCEPTED, {}, {"EventId": ""}]}, ["", "NoAnswer", "NoAnswer"]),
        (
            {"FailedEntryCount": 0, "Entries": [ACCEPTED, ACCEPTED, {**ACCEPTED, **FAILED}, ACCEPTED]},
            ["", "", "InternalFailure"],
        ),
    ],
)
def test_an_entry_without_confirmation_counts_as_not_accepted(answer: Any, codes: list[str]) -> None:
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
        (ParamValidationError(report="secret"), RequestRefused, "ParamValidationError"),
    ],
)
def test_a_failed_request_raises_an_error_by_kind(failure: Exception, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=f"^{text}$"):
        bus_of(FakeEventBridge(failure)).put(ENTRIES)


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException"])
def test_an_error_in_looking_for_the_bus_is_never_the_fault_of_an_entry(code: str) -> None:
    client = FakeEventBridge()
    client.missing = error(code)

    with pytest.raises(BusUnavailable, match=f"^{code}$"):
        bus_of(client).put(ENTRIES)


def test_a_deleted_bus_is_noticed_although_eventbridge_accepts_events_for_it() -> None:
    client = FakeEventBridge(*[{"Entries": [ACCEPTED] * 3}] * 3)
    now = [0.0]
    bus = bus_of(client, lambda: now[0])
    bus.put(ENTRIES)
    client.missing = error("ResourceNotFoundException")

    now[0] = CHECK_INTERVAL_SECONDS - 1
    bus.put(ENTRIES)
    now[0] = CHECK_INTERVAL_SECONDS
    with pytest.raises(BusMissing):
        bus.put(ENTRIES)
    with pytest.raises(BusMissing):
        bus.put(ENTRIES)

    assert len(client.sent) == 2
    client.missing = None
    assert bus.put(ENTRIES) == ["", "", ""]


def test_an_entry_that_finds_no_bus_fails_the_whole_request() -> None:
    answer = {"FailedEntryCount": 1, "Entries": [ACCEPTED, {"ErrorCode": "ResourceNotFoundException"}, ACCEPTED]}

    with pytest.raises(BusMissing):
        bus_of(FakeEventBridge(answer)).put(ENTRIES)
