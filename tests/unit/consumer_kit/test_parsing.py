"""An event is the same whichever way it was delivered, and unknown fields are ignored."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer_kit import (
    ERASED,
    REDACTED,
    NotAnEvent,
    PublishedEvent,
    from_cloud_event,
    from_event_bridge,
    from_sqs,
    from_stream,
)
from consumer_kit.rejection import rejection
from events.codec import REDACTED as REDACTED_DATA
from events.codec import from_item, to_item
from publisher import cloud_event as published
from tests.integration.records import an_event, record, record_of
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope, message

PLAIN = cloud_event()
EXPECTED = from_cloud_event(PLAIN)


def test_every_attribute_of_a_cloud_event_is_parsed() -> None:
    delivered = cloud_event(7, traceparent="00-6b036503594e24e9b5054ead17cda8556-0000000000000001-00", replayed=True)

    found = from_cloud_event(delivered)

    assert found == PublishedEvent(
        id=delivered["id"],
        type="CustomerUpdated",
        customer_id=CUSTOMER,
        version=7,
        schema_version=1,
        occurred_at=delivered["time"],
        data=delivered["data"],
        correlation_id="order-77",
        causation_id=delivered["causationid"],
        traceparent=delivered["traceparent"],
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
def test_the_event_in_a_queue_s_message_is_parsed(body: object) -> None:
    assert from_sqs(message(body)) == EXPECTED
    assert from_sqs({"MessageId": "1", "Body": json.dumps(body)}) == EXPECTED


def test_the_event_that_a_rule_delivers_is_parsed() -> None:
    assert from_event_bridge(envelope(PLAIN)) == EXPECTED


def test_an_event_is_the_same_on_the_bus_and_in_the_stream() -> None:
    stored = an_event(CUSTOMER, 3)

    on_the_bus = from_cloud_event(published.cloud_event(stored, published.source_of("local")))
    in_the_stream = from_stream(record_of(stored))

    assert in_the_stream == on_the_bus


def test_a_redacted_event_is_the_same_on_the_bus_and_in_the_stream() -> None:
    item: Any = {**to_item(an_event(CUSTOMER, 1)), "data": {"S": REDACTED_DATA}}

    found = from_stream(record(item))
    on_the_bus = from_cloud_event(published.cloud_event(from_item(item), published.source_of("local")))

    assert found
    assert (found.type, found.version) == (REDACTED, 1)
    assert (on_the_bus.type, on_the_bus.version, on_the_bus.id) == (REDACTED, 1, found.id)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"metadata": {"S": "text"}}, "metadata is missing or not an object"),
        ({"data": {"S": "no JSON"}}, "data is not JSON"),
        ({"version": {"N": "0"}}, "version is not a positive integer"),
        ({"event_id": {"BOOL": True}}, "event_id is missing or not a string"),
    ],
)
def test_an_error_names_the_attribute_of_a_row_that_is_not_an_event(changes: dict[str, Any], problem: str) -> None:
    item: Any = {**to_item(an_event(CUSTOMER, 1)), **changes}

    with pytest.raises(NotAnEvent, match=f"^{problem}$"):
        from_stream(record(item))


@pytest.mark.parametrize(("change", "missing"), [({}, "dynamodb"), ({"dynamodb": {}}, "NewImage")])
def test_an_error_names_what_a_record_of_the_stream_lacks(change: dict[str, Any], missing: str) -> None:
    with pytest.raises(NotAnEvent, match=f"^{missing} is missing or not an object$"):
        from_stream({"eventName": "INSERT", **change})


def test_what_a_rule_delivers_without_an_event_is_rejected() -> None:
    with pytest.raises(NotAnEvent, match=r"^detail is missing or not an object$"):
        from_event_bridge({})


@pytest.mark.parametrize("metadata", [None, {"M": {}}])
def test_a_row_without_metadata_has_no_ids_of_its_cause(metadata: object) -> None:
    item: Any = {**to_item(an_event(CUSTOMER, 1)), "metadata": metadata}

    found = from_stream(record(item))

    assert found
    assert (found.correlation_id, found.causation_id) == ("", "")


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_only_an_insert_is_an_event(kind: str) -> None:
    assert from_stream(record_of(an_event(CUSTOMER, 1), kind)) is None


def test_unknown_fields_and_types_are_accepted() -> None:
    found = from_cloud_event(cloud_event(2, "CustomerMoved", partitionkey="x", data={"to": "Paris", "more": [1]}))

    assert (found.type, found.data) == ("CustomerMoved", {"to": "Paris", "more": [1]})


@pytest.mark.parametrize(
    ("name", "version"), [("urn:customers-api:schema:CustomerCreated:12", 12), ("urn:other", None), (None, None)]
)
def test_the_schema_version_is_parsed_from_the_schema_name(name: str | None, version: int | None) -> None:
    assert from_cloud_event(cloud_event(dataschema=name)).schema_version == version


@pytest.mark.parametrize("field", ["id", "type", "subject", "time", "source", "sequence"])
@pytest.mark.parametrize("value", [None, "", 5.5, [], {"a": 1}])
def test_an_error_names_a_field_that_is_missing_or_has_the_wrong_type(field: str, value: object) -> None:
    with pytest.raises(NotAnEvent, match=f"^{field} is (missing or not a string|not a positive integer)$"):
        from_cloud_event({**PLAIN, field: value})


def test_data_that_is_not_an_object_is_rejected() -> None:
    with pytest.raises(NotAnEvent, match=r"^data is missing or not an object$"):
        from_cloud_event(cloud_event(data="text"))


@pytest.mark.parametrize("prefix", ["", "customers.", "com.example.customers."])
def test_the_last_word_of_the_type_is_the_event_s_name(prefix: str) -> None:
    assert from_cloud_event({**PLAIN, "type": f"{prefix}CustomerCreated"}).type == "CustomerCreated"


def test_a_sequence_has_up_to_18_digits() -> None:
    assert from_cloud_event(cloud_event(sequence="9" * 18)).version == 10**18 - 1


@pytest.mark.parametrize("sequence", ["0", "-1", "1.0", "²", "one", "9" * 19, "9" * 5000])
def test_a_sequence_that_is_not_a_positive_integer_is_rejected(sequence: str) -> None:
    with pytest.raises(NotAnEvent, match="sequence"):
        from_cloud_event(cloud_event(sequence=sequence))


def test_an_event_of_another_system_is_rejected() -> None:
    with pytest.raises(NotAnEvent, match="source"):
        from_cloud_event(cloud_event(source="urn:orders"))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        *((text, "body is not JSON") for text in ("", "{", "[" * 100_000)),
        *((text, "body is missing or not an object") for text in ("null", "[]", "1")),
        ('{"detail": 1}', "detail is missing or not an object"),
        ('{"Type": "Notification"}', "Message is not JSON"),
    ],
)
def test_an_error_names_the_part_of_a_message_that_is_not_an_event(body: str, problem: str) -> None:
    with pytest.raises(NotAnEvent, match=f"^{problem}$"):
        from_sqs(message(body))


TEXT = st.text('a1{}[]":', max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner), max_leaves=5
)


@given(st.dictionaries(st.sampled_from([*PLAIN, "detail", "Type", "Message"]), JSON))
def test_only_not_an_event_is_ever_raised(body: dict[str, Any]) -> None:
    try:
        from_sqs(message({**PLAIN, **body}))
    except NotAnEvent as error:
        assert "@" not in str(error)  # noqa: PT017 - it need not raise


@pytest.mark.parametrize("data", [[], "text", 7, {"cause": "request"}, None])
@pytest.mark.parametrize("event_type", [ERASED, REDACTED])
def test_an_erasure_with_a_newer_schema_is_an_event_whatever_its_data(event_type: str, data: object) -> None:
    schema = f"urn:customers-api:schema:{event_type}:9"

    found = from_cloud_event(cloud_event(3, event_type, data=data, dataschema=schema))

    assert (found.erases, found.version, found.schema_version) == (True, 3, 9)
    assert found.data == (data if isinstance(data, dict) else {})


def test_an_erasure_in_the_stream_is_an_event_whatever_its_data() -> None:
    item: Any = {**to_item(an_event(CUSTOMER, 4)), "type": {"S": ERASED}, "data": {"S": "no JSON"}}

    found = from_stream(record(item))

    assert found
    assert found.erases


def test_a_dead_letter_of_an_erasure_is_that_erasure_and_any_other_lacks_its_data() -> None:
    """SQS itself can move dead letters back, without the kit's redrive."""
    erased, updated = (
        rejection(json.dumps(envelope(cloud_event(3, name))), "bug") for name in (ERASED, "CustomerMoved")
    )

    assert from_sqs(message(erased)).erases
    with pytest.raises(NotAnEvent, match="backfill"):
        from_sqs(message(updated))


def test_the_repr_of_an_event_shows_no_personal_data() -> None:
    assert "Ada" not in repr(EXPECTED)
