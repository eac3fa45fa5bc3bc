"""What an event looks like outside."""

import json
import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from events import codec
from events.codec import REDACTED, UnreadableEvent, from_item
from events.customer import CustomerCreated
from events.envelope import Event, Unreadable
from publisher.cloud_event import ATTRIBUTES, OPTIONAL, REQUIRED, cloud_event, encoded, source_of
from tests.samples import PERSON, created, erased, updated

SOURCE = source_of("test")
GOLDEN = sorted(Path("tests/golden/events").glob("*.json"))


def traced(event: Event, trace_id: str) -> Event:
    return replace(event, metadata=replace(event.metadata, trace_id=trace_id))


def test_an_event_is_said_in_full() -> None:
    event = replace(created("c-1", second=1, full_name="Žofie"), event_id="e-1")

    assert cloud_event(event, SOURCE) == {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:customers-api:test",
        "type": "customers.CustomerCreated",
        "subject": "c-1",
        "time": "2026-05-17T09:30:01.000000Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:customers-api:schema:CustomerCreated:{CustomerCreated.schema_version}",
        "sequence": "0000000001",
        "correlationid": "cor-1",
        "causationid": "req-1",
        "data": {**PERSON, "full_name": "Žofie"},
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_stored_events_of_every_version_are_said_with_the_attributes_that_are_promised(path: Path) -> None:
    stored = json.loads(path.read_text())
    said = cloud_event(from_item(stored["item"]), SOURCE, replayed=True)

    assert said.keys() == ATTRIBUTES == REQUIRED | OPTIONAL
    assert said["data"] == stored["reads_as"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_who_did_it_and_by_which_command_stays_inside(path: Path) -> None:
    event = from_item(json.loads(path.read_text())["item"])
    text = encoded(cloud_event(event, SOURCE))

    for inside in (event.metadata.actor, event.metadata.command_id, event.metadata.request_hash):
        assert inside
        assert inside not in text


@pytest.mark.parametrize("name", sorted(ATTRIBUTES - {"data"}))
def test_attribute_names_are_those_that_cloudevents_allows(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]{1,20}", name)


def test_sequences_order_as_texts_as_the_versions_do() -> None:
    said = [cloud_event(updated("c-1", version), SOURCE)["sequence"] for version in (2, 9, 10, 99, 100, 2_147_483_647)]

    assert said == sorted(said)
    assert {len(sequence) for sequence in said} == {10}


def test_only_a_replayed_event_says_so() -> None:
    assert cloud_event(created(), SOURCE, replayed=True)["replayed"] is True
    assert "replayed" not in cloud_event(created(), SOURCE)


def test_an_xray_trace_is_told_in_the_form_of_the_web() -> None:
    said = cloud_event(traced(created(), "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8"), SOURCE)

    assert re.fullmatch(r"00-6a0a1b2c3d4e5f60718293a4b5c6d7e8-(?!0{16})[0-9a-f]{16}-00", said["traceparent"])


def test_a_trace_that_was_recorded_names_the_segment_that_decided() -> None:
    event = traced(created(), "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8")
    recorded = replace(event, metadata=replace(event.metadata, segment_id="53995c3f42cd8ad8"))

    said = cloud_event(recorded, SOURCE)

    assert said["traceparent"] == "00-6a0a1b2c3d4e5f60718293a4b5c6d7e8-53995c3f42cd8ad8-01"


@pytest.mark.parametrize("trace_id", ["", "1-6a0a1b2c", "Root=1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8", "1-zz-zz"])
def test_a_trace_that_is_none_is_left_out(trace_id: str) -> None:
    assert "traceparent" not in cloud_event(traced(created(), trace_id), SOURCE)


def test_an_erased_customers_end_is_said_without_data() -> None:
    said = cloud_event(erased("c-1", 3), SOURCE)

    assert (said["type"], said["sequence"], said["data"]) == ("customers.CustomerErased", "0000000003", {})


def test_an_event_whose_data_went_is_one_of_its_own_type_with_its_first_place() -> None:
    event = updated("c-1", 2)
    said = cloud_event(replace(event, data=REDACTED), SOURCE)
    before = cloud_event(event, SOURCE)

    assert said["type"] == "customers.EventRedacted"
    assert said["dataschema"] == "urn:customers-api:schema:EventRedacted:1"
    assert said["data"] == {"type": "CustomerUpdated"}
    for same in REQUIRED - {"type", "dataschema", "data"}:
        assert said[same] == before[same]


def test_a_stored_older_version_is_said_in_the_newest_and_named_so() -> None:
    class CustomerCreatedLater(CustomerCreated):
        schema_version = 2
        nickname: str

        @classmethod
        def type(cls) -> str:
            return "CustomerCreated"

    old = created("c-1")

    def step(data: dict[str, object], *_: object) -> dict[str, object]:
        return {**data, "nickname": "none"}

    with (
        patch.object(codec, "_MODELS", {"CustomerCreated": CustomerCreatedLater}),
        patch.object(codec, "upcast", step),
    ):
        said = cloud_event(old, SOURCE)

    assert said["dataschema"] == "urn:customers-api:schema:CustomerCreated:2"
    assert said["data"]["nickname"] == "none"


@pytest.mark.parametrize(
    "recorded",
    [
        Unreadable("c-1", 4, "the row is not an event: KeyError"),
        replace(created("c-1", version=4), type="CustomerTeleported"),
        replace(created("c-1", version=4), data='{"full_name": "secret"}'),
    ],
)
def test_what_cannot_be_read_cannot_be_said(recorded: Event | Unreadable) -> None:
    with pytest.raises(UnreadableEvent, match=r"^c-1 version 4: ") as raised:
        cloud_event(recorded, SOURCE)

    assert "secret" not in str(raised.value)


def test_the_text_is_utf_8_and_reads_back() -> None:
    said = cloud_event(created(full_name='李 \u2028 "x"'), SOURCE)

    assert json.loads(encoded(said)) == said
    assert "李" in encoded(said)
    assert encoded(said) == encoded(json.loads(encoded(said)))
