"""The codec: from models to events to rows and back."""

import json
from dataclasses import replace
from typing import Any

import pytest

from events.codec import REDACTED, NewerEvent, UnreadableEvent, decode, encode, from_item, known_type, recorded, to_item
from events.customer import CustomerCreated, CustomerErased
from events.envelope import Unreadable
from tests.samples import METADATA, PERSON, created, erased, updated


def test_a_row_is_read_back_as_the_same_event() -> None:
    event = created(full_name="Žofie Nováková 李")

    assert from_item(to_item(event)) == event


def test_a_row_has_the_documented_attributes() -> None:
    item = to_item(created("c-1"))

    assert set(item) == {
        "customer_id", "version", "event_id", "type", "schema_version", "occurred_at", "data", "metadata",
    }  # fmt: skip
    assert item["type"] == {"S": CustomerCreated.type()}
    assert item["schema_version"] == {"N": str(CustomerCreated.schema_version)}
    assert json.loads(item["data"]["S"]) == PERSON
    assert set(item["metadata"]["M"]) == {
        "correlation_id", "causation_id", "actor", "command_id", "trace_id", "segment_id",
    }  # fmt: skip


def test_what_some_events_have_besides_is_an_attribute_only_there() -> None:
    event = replace(updated("c-1", 2), created_at="2026-05-17T09:30:00.000000Z", recent_commands="abcd", unchanged=1)
    event = replace(event, metadata=replace(event.metadata, request_hash="hash"))
    item = to_item(event)

    assert set(item) - set(to_item(created("c-1"))) == {"created_at", "recent_commands", "unchanged", "request_hash"}
    assert from_item(item) == event


def test_a_row_of_an_older_release_has_the_hash_in_its_metadata() -> None:
    item = to_item(created())
    metadata = {**item["metadata"]["M"], "request_hash": {"S": "hash"}}

    event = from_item({**item, "metadata": {"M": metadata}})

    assert event.metadata.request_hash == "hash"
    assert event.hash_in_metadata
    assert "request_hash" not in to_item(event)["metadata"]["M"]


def test_decoding_returns_the_model_of_the_type() -> None:
    data = decode(created(city="Paris"))

    assert isinstance(data, CustomerCreated)
    assert data.city == "Paris"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "CustomerTeleported"}, "unknown type"),
        ({"schema_version": 99}, "unknown schema version 99 of CustomerCreated"),
        ({"data": "{"}, "unreadable data"),
        ({"data": "[]"}, "unreadable data"),
        ({"data": '{"full_name": "secret"}'}, "unreadable birth, city, country, email"),
    ],
)
def test_an_unreadable_event_has_a_reason_without_personal_data(change: dict[str, object], reason: str) -> None:
    event = replace(created("c-1"), **change)  # type: ignore[arg-type]

    with pytest.raises(UnreadableEvent) as raised:
        decode(event)

    assert raised.value.reason == reason
    assert "c-1 version 1" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("missing", ["customer_id", "version", "event_id", "type", "data", "metadata"])
def test_a_row_that_is_not_an_event_is_unreadable(missing: str) -> None:
    item = to_item(created())
    del item[missing]

    with pytest.raises(UnreadableEvent, match="the row is not an event"):
        from_item(item)


def test_a_row_with_metadata_of_a_later_release_is_readable() -> None:
    item = to_item(created())
    metadata = {**item["metadata"]["M"], "tenant": {"S": "later"}}

    assert from_item({**item, "metadata": {"M": metadata}}).metadata.actor == "user-1"


@pytest.mark.parametrize("data", ["{}", REDACTED])
def test_a_stored_type_that_is_not_ours_is_never_shown(data: str) -> None:
    event = replace(created("c-1"), type="ada@example.com", data=data)

    assert known_type(event) == "(unknown type)"
    if data != REDACTED:
        with pytest.raises(UnreadableEvent) as raised:
            decode(event)
        assert "ada" not in f"{raised.value} {raised.value.reason}"
    assert known_type(created("c-1")) == "CustomerCreated"


def test_an_optional_field_without_a_value_is_left_out_of_the_data() -> None:
    data = CustomerCreated.model_validate({**PERSON, "nickname": None})
    event = encode(data, customer_id="c-1", version=1, event_id="e-1", occurred_at="t", metadata=METADATA)

    assert json.loads(event.data) == PERSON


@pytest.mark.parametrize(("version", "is_newer"), [(0, False), (-1, False), (CustomerCreated.schema_version + 1, True)])
def test_only_a_higher_schema_version_is_one_of_a_newer_release(version: int, is_newer: bool) -> None:
    with pytest.raises(UnreadableEvent) as raised:
        decode(replace(created(), schema_version=version))

    assert isinstance(raised.value, NewerEvent) == is_newer


@pytest.mark.parametrize("version", [0, 1, 99])
def test_an_erasure_is_one_at_any_schema_version(version: int) -> None:
    assert decode(replace(erased("c-1", 2), schema_version=version)) == CustomerErased()


HASH: Any = {"request_hash": {"S": "hash"}}


@pytest.mark.parametrize(
    ("attributes", "has_hash", "hash_in_metadata"),
    [
        ({}, False, False),
        ({"metadata": {"S": "a text"}}, False, False),
        ({"metadata": {"M": {}}}, False, False),
        ({"metadata": {"M": HASH}}, True, True),
        (HASH, True, False),
        ({**HASH, "metadata": {"M": HASH}}, True, True),
    ],
)
def test_what_an_erasure_has_to_remove_from_a_row_that_is_not_an_event_is_known(
    attributes: Any, has_hash: bool, hash_in_metadata: bool
) -> None:
    row = recorded({"customer_id": {"S": "c-1"}, "version": {"N": "7"}, **attributes})

    assert isinstance(row, Unreadable)
    assert (row.customer_id, row.version, row.data) == ("c-1", 7, "")
    assert (row.has_hash, row.hash_in_metadata) == (has_hash, hash_in_metadata)


def test_a_hash_beside_the_metadata_is_not_in_it() -> None:
    event = replace(created(), metadata=replace(METADATA, request_hash="hash"))

    assert not from_item(to_item(event)).hash_in_metadata


def test_a_row_that_is_not_an_event_is_named_by_its_key_alone() -> None:
    item = to_item(created("c-1"))
    del item["event_id"]

    with pytest.raises(UnreadableEvent) as raised:
        from_item(item)

    key = "{'customer_id': {'S': 'c-1'}, 'version': {'N': '1'}}"
    assert str(raised.value) == f"{key}: the row is not an event: KeyError"
