"""An event is the same, whichever way it came; a tolerant reader takes what it does not know."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer_kit import (
    REDACTED,
    NotAnEvent,
    PublishedEvent,
    from_cloud_event,
    from_event_bridge,
    from_sqs,
    from_stream,
)
from events.codec import REDACTED as REDACTED_DATA
from events.codec import from_item, to_item
from publisher import cloud_event as published
from tests.integration.records import an_event, record, record_of
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope, message

PLAIN = cloud_event()
EXPECTED = from_cloud_event(PLAIN)


def test_all_that_the_bus_says_is_read() -> None:
    said = cloud_event(7, traceparent="00-6b036503594e24e9b5054ead17cda8556-0000000000000001-00", replayed=True)

    found = from_cloud_event(said)

    assert found == PublishedEvent(
        id=said["id"],
        type="CustomerUpdated",
        customer_id=CUSTOMER,
        version=7,
        schema_version=1,
        occurred_at=said["time"],
        data=said["data"],
        correlation_id="order-77",
        causation_id=said["causationid"],
        traceparent=said["traceparent"],
        replayed=True,
    )


@pytest.mark.parametrize(
    "body",
    [
        envelope(PLAIN),
        PLAIN,
        {"Type": "Notification", "Message": json.dumps(envelope(PLAIN))},
        {"Type": "Notification", "Message": json.dumps(PLAIN)},
    ],
    ids=["rule", "cloud-event", "rule-topic", "topic"],
)
def test_a_queue_s_message_is_the_event_in_it(body: object) -> None:
    assert from_sqs(message(body)) == EXPECTED
    assert from_sqs({"MessageId": "1", "Body": json.dumps(body)}) == EXPECTED


def test_a_rule_s_target_gets_the_event() -> None:
    assert from_event_bridge(envelope(PLAIN)) == EXPECTED


def test_what_the_publisher_says_and_what_the_stream_says_are_the_same() -> None:
    stored = an_event(CUSTOMER, 3)

    on_the_bus = from_cloud_event(published.cloud_event(stored, published.source_of("local")))
    in_the_stream = from_stream(record_of(stored))

    assert in_the_stream == on_the_bus


def test_an_event_whose_data_is_gone_is_the_same_either_way() -> None:
    item: Any = {**to_item(an_event(CUSTOMER, 1)), "data": {"S": REDACTED_DATA}}

    found = from_stream(record(item))
    on_the_bus = from_cloud_event(published.cloud_event(from_item(item), published.source_of("local")))

    assert found
    assert (found.type, found.version) == (REDACTED, 1)
    assert (on_the_bus.type, on_the_bus.version, on_the_bus.id) == (REDACTED, 1, found.id)


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_only_an_insert_is_an_event(kind: str) -> None:
    assert from_stream(record_of(an_event(CUSTOMER, 1), kind)) is None


def test_unknown_fields_and_types_are_no_error() -> None:
    found = from_cloud_event(cloud_event(2, "CustomerMoved", partitionkey="x", data={"to": "Paris", "more": [1]}))

    assert (found.type, found.data) == ("CustomerMoved", {"to": "Paris", "more": [1]})


@pytest.mark.parametrize(
    ("name", "version"), [("urn:customers-api:schema:CustomerCreated:12", 12), ("urn:other", None), (None, None)]
)
def test_the_schema_version_is_told_or_none(name: str | None, version: int | None) -> None:
    assert from_cloud_event(cloud_event(dataschema=name)).schema_version == version


@pytest.mark.parametrize("field", ["id", "type", "subject", "time", "source", "sequence"])
@pytest.mark.parametrize("value", [None, "", 5.5, [], {"a": 1}])
def test_what_is_missing_or_of_another_kind_is_named(field: str, value: object) -> None:
    with pytest.raises(NotAnEvent, match=field):
        from_cloud_event({**PLAIN, field: value})


@pytest.mark.parametrize("sequence", ["0", "-1", "1.0", "²", "one", "9" * 5000])
def test_a_sequence_counts_from_one(sequence: str) -> None:
    with pytest.raises(NotAnEvent, match="sequence"):
        from_cloud_event(cloud_event(sequence=sequence))


def test_another_system_s_event_is_none_of_ours() -> None:
    with pytest.raises(NotAnEvent, match="source"):
        from_cloud_event(cloud_event(source="urn:orders"))


@pytest.mark.parametrize(
    "body", ["", "{", "null", "[]", "1", '{"detail": 1}', '{"Type": "Notification"}', "[" * 100_000]
)
def test_a_message_that_is_no_event_is_refused(body: str) -> None:
    with pytest.raises(NotAnEvent):
        from_sqs(message(body))


TEXT = st.text('a1{}[]":', max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner), max_leaves=5
)


@given(st.dictionaries(st.sampled_from([*PLAIN, "detail", "Type", "Message"]), JSON))
def test_nothing_else_is_ever_raised(body: dict[str, Any]) -> None:
    try:
        from_sqs(message({**PLAIN, **body}))
    except NotAnEvent as refused:
        assert "@" not in str(refused)  # noqa: PT017 - that it raises is not the point


def test_an_event_s_text_form_shows_nothing_personal() -> None:
    assert "Ada" not in repr(EXPECTED)
