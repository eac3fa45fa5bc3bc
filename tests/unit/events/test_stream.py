"""The stream's batch format."""

from typing import Any

import pytest

from events.codec import REDACTED, to_item
from events.envelope import Event, Unreadable
from events.stream import BatchFailed, answer, changed_keys, read_batch
from tests.samples import created


def record(number: str, event: Event | None = None, name: str = "INSERT", image: Any = None) -> dict[str, Any]:
    new_image = to_item(event) if event else image
    return {"eventName": name, "dynamodb": {"SequenceNumber": number, "NewImage": new_image}}


def test_inserts_are_events_in_stream_order() -> None:
    one, two = created("c-1"), created("c-2")

    assert read_batch([record("1", one), record("2", two)]) == [("1", one), ("2", two)]


def test_only_inserts_are_events() -> None:
    event = created("c-1")

    assert read_batch([record("1", event, "MODIFY"), record("2", None, "REMOVE")]) == []


def test_a_record_that_is_not_an_event_has_its_key_and_does_not_affect_others() -> None:
    good = created("c-1")
    image = {"customer_id": {"S": "c-2"}, "version": {"N": "7"}, "data": {"S": "secret"}}

    (_, bad), (_, event) = read_batch([record("1", image=image), record("2", good)])

    assert event == good
    assert bad == Unreadable("c-2", 7, "the row is not an event: KeyError", "secret")
    assert "secret" not in repr(bad)


def test_the_key_of_a_record_is_read_even_if_its_image_lacks_it() -> None:
    change = record("1", image={"data": {"S": "secret"}})
    change["dynamodb"]["Keys"] = {"customer_id": {"S": "c-2"}, "version": {"N": "7"}}

    [(_, bad)] = read_batch([change])

    assert (bad.customer_id, bad.version) == ("c-2", 7)


def test_failed_records_are_listed_lowest_number_first() -> None:
    assert answer(["100", "9"], 3, in_parts=True) == {
        "batchItemFailures": [{"itemIdentifier": "9"}, {"itemIdentifier": "100"}]
    }


@pytest.mark.parametrize("in_parts", [True, False])
def test_no_failure_is_an_empty_list(in_parts: bool) -> None:
    assert answer([], 2, in_parts=in_parts) == {"batchItemFailures": []}


def test_without_partial_responses_the_whole_batch_fails() -> None:
    with pytest.raises(BatchFailed, match="1 of 2 records"):
        answer(["1"], 2, in_parts=False)


def changed(kind: str, **image: Any) -> dict[str, Any]:
    keys = {"customer_id": {"S": "c-1"}, "version": {"N": "3"}}
    after = {"NewImage": keys | image} if kind != "REMOVE" else {}
    return {"eventName": kind, "dynamodb": {"SequenceNumber": "1", "Keys": keys, **after}}


def test_an_overwritten_or_deleted_event_is_reported() -> None:
    records = [changed("MODIFY", data={"S": "{}"}), changed("REMOVE"), changed("MODIFY")]

    assert changed_keys(records) == [("c-1", 3)] * 3


def test_a_new_event_and_a_redaction_are_no_change() -> None:
    assert changed_keys([record("1", created("c-1")), changed("MODIFY", data={"S": REDACTED})]) == []
