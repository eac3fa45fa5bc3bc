"""The stream's batch format."""

from typing import Any

from events.codec import to_item
from events.envelope import Event
from projections.stream import answer, read_batch
from tests.samples import created


def record(number: str, event: Event | None = None, name: str = "INSERT", image: Any = None) -> dict[str, Any]:
    new_image = to_item(event) if event else image
    return {"eventName": name, "dynamodb": {"SequenceNumber": number, "NewImage": new_image}}


def test_inserts_are_events_in_the_order_of_the_stream() -> None:
    one, two = created("c-1"), created("c-2")

    batch = read_batch([record("1", one), record("2", two)])

    assert batch.arrivals == [("1", one), ("2", two)]
    assert batch.events == [one, two]


def test_only_an_insert_is_a_fact() -> None:
    event = created("c-1")

    assert read_batch([record("1", event, "MODIFY"), record("2", None, "REMOVE")]).events == []


def test_a_record_that_is_no_event_names_itself_and_spares_its_neighbours() -> None:
    good = created("c-1")

    batch = read_batch([record("1", image={"customer_id": {"S": "x"}}), record("2", good)])

    assert batch.events == [good]
    assert set(batch.unreadable) == {"1"}
    assert answer(batch, []) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_every_record_of_a_failed_customer_comes_again_lowest_number_first() -> None:
    batch = read_batch(
        [record("9", created("c-1")), record("10", created("c-2")), record("100", created("c-1", version=2))]
    )

    assert answer(batch, {"c-1"}) == {"batchItemFailures": [{"itemIdentifier": "9"}, {"itemIdentifier": "100"}]}


def test_no_failure_is_an_empty_list() -> None:
    assert answer(read_batch([]), []) == {"batchItemFailures": []}
