"""The CloudEvent that other teams receive."""

import json
import re
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from consumer_kit import Action, Consumer, from_cloud_event
from consumer_kit.testing import InMemoryInbox
from events import codec
from events.codec import REDACTED, UnreadableEvent, from_item
from events.customer import CustomerCreated
from events.envelope import Event, Unreadable
from publisher.cloud_event import ATTRIBUTES, OPTIONAL, REQUIRED, cloud_event, source_of, to_json
from tests.samples import PERSON, created, erased, updated

SOURCE = source_of("test")
GOLDEN = sorted(Path("tests/golden/events").glob("*.json"))


def traced(event: Event, trace_id: str) -> Event:
    return replace(event, metadata=replace(event.metadata, trace_id=trace_id))


def test_a_cloud_event_in_full() -> None:
    event = replace(created("c-1", second=1, full_name="Žofie"), event_id="e-1")

    assert cloud_event(event, SOURCE) == {
        "specversion": "1.0",
        "id": "e-1",
        "source": "urn:customers-api:test",
        "type": "customers.CustomerCreated",
        "subject": "c-1",
        "time": "2026-05-17T09:30:01.000000Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:customers-api:schema:CustomerCreated:{CustomerCreated.published_version}",
        "sequence": "0000000001",
        "correlationid": "cor-1",
        "causationid": "req-1",
        "data": {**PERSON, "full_name": "Žofie"},
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_stored_events_of_every_version_have_the_promised_attributes(path: Path) -> None:
    stored = json.loads(path.read_text())
    event = cloud_event(from_item(stored["item"]), SOURCE, epoch=2, replayed=True)

    assert event.keys() == ATTRIBUTES == REQUIRED | OPTIONAL
    assert event["data"] == stored["reads_as"]


@pytest.mark.parametrize(("epoch", "attribute"), [(1, {}), (2, {"epoch": 2})])
def test_an_epoch_after_the_first_is_named(epoch: int, attribute: dict[str, int]) -> None:
    event = created()

    assert cloud_event(event, SOURCE, epoch=epoch) == cloud_event(event, SOURCE) | attribute


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_actor_command_id_and_request_hash_are_not_published(path: Path) -> None:
    event = from_item(json.loads(path.read_text())["item"])
    text = to_json(cloud_event(event, SOURCE))

    for internal in (event.metadata.actor, event.metadata.command_id, event.metadata.request_hash):
        assert internal
        assert internal not in text


@pytest.mark.parametrize("name", sorted(ATTRIBUTES - {"data"}))
def test_attribute_names_follow_the_cloudevents_rules(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]{1,20}", name)


def test_sequences_sort_as_strings_like_versions() -> None:
    versions = (2, 9, 10, 99, 100, 2_147_483_647)
    sequences = [cloud_event(updated("c-1", version), SOURCE)["sequence"] for version in versions]

    assert sequences == sorted(sequences)
    assert {len(sequence) for sequence in sequences} == {10}


def test_only_a_replayed_event_is_marked() -> None:
    assert cloud_event(created(), SOURCE, replayed=True)["replayed"] is True
    assert "replayed" not in cloud_event(created(), SOURCE)


def test_an_xray_trace_is_converted_to_w3c_trace_context() -> None:
    event = cloud_event(traced(created(), "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8"), SOURCE)

    assert re.fullmatch(r"00-6a0a1b2c3d4e5f60718293a4b5c6d7e8-(?!0{16})[0-9a-f]{16}-00", event["traceparent"])


def test_a_sampled_trace_names_the_segment_in_which_the_event_was_decided() -> None:
    stored = traced(created(), "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8")
    recorded = replace(stored, metadata=replace(stored.metadata, segment_id="53995c3f42cd8ad8"))

    event = cloud_event(recorded, SOURCE)

    assert event["traceparent"] == "00-6a0a1b2c3d4e5f60718293a4b5c6d7e8-53995c3f42cd8ad8-01"


@pytest.mark.parametrize("trace_id", ["", "1-6a0a1b2c", "Root=1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8", "1-zz-zz"])
def test_an_invalid_trace_id_is_left_out(trace_id: str) -> None:
    assert "traceparent" not in cloud_event(traced(created(), trace_id), SOURCE)


def test_an_erasure_has_no_data() -> None:
    event = cloud_event(erased("c-1", 3), SOURCE)

    assert (event["type"], event["sequence"], event["data"]) == ("customers.CustomerErased", "0000000003", {})


def test_a_redacted_event_has_its_own_type_and_keeps_its_position() -> None:
    stored = updated("c-1", 2)
    event = cloud_event(replace(stored, data=REDACTED), SOURCE)
    before = cloud_event(stored, SOURCE)

    assert event["type"] == "customers.EventRedacted"
    assert event["dataschema"] == "urn:customers-api:schema:EventRedacted:1"
    assert event["data"] == {"type": "CustomerUpdated"}
    for name in REQUIRED - {"type", "dataschema", "data"}:
        assert event[name] == before[name]


def test_an_older_stored_version_is_published_in_the_newest() -> None:
    class CustomerCreatedLater(CustomerCreated):
        schema_version = 3
        published_version = 2
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
        event = cloud_event(old, SOURCE)

    assert event["dataschema"] == "urn:customers-api:schema:CustomerCreated:2"
    assert event["data"]["nickname"] == "none"


def test_a_new_stored_shape_reaches_a_consumer_under_the_version_that_it_supports() -> None:
    """A consumer that supports version 1 handles the event, and ignores the optional field that it does not know."""

    class CustomerCreatedLater(CustomerCreated):
        schema_version = 2
        nickname: str | None = None

        @classmethod
        def type(cls) -> str:
            return "CustomerCreated"

    event = created("c-1")
    stored = replace(event, schema_version=2, data=json.dumps({**json.loads(event.data), "nickname": "Ada"}))
    with patch.object(codec, "_MODELS", {"CustomerCreated": CustomerCreatedLater}):
        sent = cloud_event(stored, SOURCE)

    handled = Consumer(InMemoryInbox(), lambda _: [], {"CustomerCreated": 1}).handle(from_cloud_event(sent))

    assert sent["dataschema"] == "urn:customers-api:schema:CustomerCreated:1"
    assert handled.action is Action.HANDLE
    assert handled.event.data["nickname"] == "Ada"


@pytest.mark.parametrize(
    "recorded",
    [
        Unreadable("c-1", 4, "the row is not an event: KeyError"),
        replace(created("c-1", version=4), type="CustomerTeleported"),
        replace(created("c-1", version=4), data='{"full_name": "secret"}'),
    ],
)
def test_an_unreadable_event_cannot_be_published(recorded: Event | Unreadable) -> None:
    with pytest.raises(UnreadableEvent, match=r"^c-1 version 4: ") as raised:
        cloud_event(recorded, SOURCE)

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("stored", "sent"), [({}, {}), ({"nickname": None}, {}), ({"nickname": "A"}, {"nickname": "A"})]
)
def test_an_optional_field_without_a_value_is_not_sent(stored: dict[str, object], sent: dict[str, object]) -> None:
    class CustomerCreatedLater(CustomerCreated):
        nickname: str | None = None

        @classmethod
        def type(cls) -> str:
            return "CustomerCreated"

    event = created()
    with patch.object(codec, "_MODELS", {"CustomerCreated": CustomerCreatedLater}):
        published = cloud_event(replace(event, data=json.dumps({**json.loads(event.data), **stored})), SOURCE)

    assert published["data"] == {**PERSON, **sent}


def test_the_json_has_no_spaces_because_the_bus_counts_bytes() -> None:
    assert to_json({"id": "e-1", "data": {"city": "Den Haag", "versions": [1, 2]}}) == (
        '{"id":"e-1","data":{"city":"Den Haag","versions":[1,2]}}'
    )


def test_the_json_is_utf_8_and_round_trips() -> None:
    event = cloud_event(created(full_name='李 \u2028 "x"'), SOURCE)

    assert json.loads(to_json(event)) == event
    assert "李" in to_json(event)
    assert to_json(event) == to_json(json.loads(to_json(event)))
