"""After DELETE no personal data is left anywhere, and nothing brings it back. The history of what happened stays."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from events.claims import ClaimChange, email_claim
from events.codec import REDACTED, to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from events.history import is_erasure, is_left_over
from events.store import MOST_REDACTED_AT_ONCE
from local.home import StackHome
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.row import Row
from tests.e2e.customers import Customer, a_person, create, erase, eventually, page, seeing, update
from tests.e2e.problems import assert_problem
from tests.e2e.tokens import claims_of
from tests.event_log import events_of
from tests.integration.aws import Aws
from tests.integration.records import an_event, batch_of, failures_of, record_of

VERSIONS: Final = 4
# More than one transaction redacts: the rest follows after the response.
LONG_HISTORY: Final = 100


@dataclass(frozen=True, slots=True)
class Life:
    """An erased customer.

    Attributes:
        began: When the test began, in seconds since the epoch.
        mark: A lower-case word that all of the person's texts contain.
        birth: A date of birth that no other customer here has.
        emails: All addresses that the customer ever had.
        answers: The API's response for each version before the erasure.
        before: The events before the erasure.
        erased: The response to the DELETE.
    """

    began: float
    mark: str
    birth: str
    emails: tuple[str, ...]
    answers: tuple[Customer, ...]
    before: tuple[Event, ...]
    erased: httpx.Response

    @property
    def customer_id(self) -> str:
        return str(self.answers[0]["id"])

    def found_in(self, text: str) -> list[str]:
        """The person's marks that a text contains."""
        return [mark for mark in (self.mark, self.birth) if mark in text.lower()]


def _details(mark: str, birth: str, number: int) -> dict[str, object]:
    return a_person(
        full_name=f"{mark} name {number}",
        email=f"{mark}-{number}@example.com",
        birth=birth,
        city=f"{mark} city {number}",
        country=f"{mark} country",
    )


def _birth() -> str:
    number = uuid4().int
    return f"19{10 + number % 20}-{1 + number // 20 % 12:02}-{1 + number // 240 % 28:02}"


@pytest.fixture(scope="module")
def life(api: httpx.Client, store: DynamoDbEventStore, aws: Aws, outputs: Mapping[str, str]) -> Life:
    """A customer who was created, changed three times with new addresses, read, listed and erased."""
    began, mark, birth = time.time() - 1, f"zebra{uuid4().hex[:12]}", _birth()
    answers = [create(api, **_details(mark, birth, 1))]
    for number in range(2, VERSIONS + 1):
        answers.append(update(api, answers[-1], **_details(mark, birth, number)))
    place = f"/customers/{answers[0]['id']}"

    def projected() -> None:
        assert api.get(place).json() == answers[-1]
        assert answers[-1] in page(api, limit=100)["customers"]

    eventually(projected)
    before = tuple(events_of(store, answers[0]["id"]))
    assert all(mark in event.data for event in before)
    # Without this, the search below would prove nothing.
    for table in ("EventTable", "ReadTable"):
        assert mark in json.dumps(_rows(aws, outputs[table]))
    emails = tuple(str(answer["email"]) for answer in answers)
    return Life(began, mark, birth, emails, tuple(answers), before, erase(api, answers[0]))


def _rows(aws: Aws, table: str) -> list[Any]:
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for found in pages for item in found["Items"]]


def _assert_gone(api: httpx.Client, life: Life) -> None:
    place, seen = f"/customers/{life.customer_id}", seeing(life.erased)
    assert api.get(place, headers=seen).status_code == 404
    listed = api.get("/customers", params={"limit": 100}, headers=seen)
    assert listed.status_code == 200
    assert life.customer_id not in listed.text
    assert not life.found_in(listed.text)


def test_no_table_has_personal_data_of_an_erased_customer(
    api: httpx.Client, life: Life, aws: Aws, outputs: Mapping[str, str]
) -> None:
    """Searches all generations of the read table, and the claims for the hash of each address too."""
    _assert_gone(api, life)
    for table in ("EventTable", "ClaimsTable", "ReadTable"):
        for row in _rows(aws, outputs[table]):
            text = json.dumps(row)
            assert not life.found_in(text), table
            assert not [email for email in life.emails if email_claim(email) in text], table


def _forget(aws: Aws, outputs: Mapping[str, str], customer_id: str) -> None:
    """Remove what no code can read, because other tests of the same stack would find it."""
    for table, sort_key in (("EventTable", "version"), ("ReadTable", "generation")):
        for row in _rows(aws, outputs[table]):
            if row["customer_id"] == {"S": customer_id}:
                key = {name: row[name] for name in ("customer_id", sort_key)}
                aws.dynamodb.delete_item(TableName=outputs[table], Key=key)


def test_a_parked_customer_is_erased_at_once(
    request: pytest.FixtureRequest,
    api: httpx.Client,
    aws: Aws,
    outputs: Mapping[str, str],
    read_model: DynamoDbReadModel,
    active: int,
) -> None:
    """Another program wrote rows that our code cannot read, and nobody repairs them before the DELETE."""
    mark, old, new = f"zebra{uuid4().hex[:12]}", *(f"{uuid4().hex}@example.com" for _ in range(2))
    customer = create(api, full_name=mark, email=old)
    request.addfinalizer(lambda: _forget(aws, outputs, customer["id"]))
    strange = [
        replace(an_event(customer["id"], 2, full_name=mark, email=new), type="CustomerVanished"),
        an_event(customer["id"], 3, full_name=mark, email=new),
    ]
    events, claims = outputs["EventTable"], outputs["ClaimsTable"]
    store = DynamoDbEventStore(aws.dynamodb, events, claims, outputs["ErasuresTable"])
    store.append(strange[0], ClaimChange(take=(email_claim(new),), release=(email_claim(old),)))
    store.append(strange[1])
    heir = create(api, email=old)
    no_event = {name: value for name, value in to_item(strange[1]).items() if name != "metadata"}
    aws.dynamodb.put_item(TableName=outputs["EventTable"], Item=no_event)

    def is_parked() -> None:
        row = read_model.get(customer["id"], active, consistent=True)
        assert row
        assert row.parked

    eventually(is_parked)
    answer = erase(api, customer)

    assert answer.headers["ETag"] == '"4"'
    assert api.get(f"/customers/{customer['id']}", headers=seeing(answer)).status_code == 404
    assert read_model.get(customer["id"], active, consistent=True) == Row(customer["id"], active, 4, None)
    for table in ("EventTable", "ClaimsTable", "ReadTable"):
        assert not [row for row in _rows(aws, outputs[table]) if mark in (text := json.dumps(row)) or new in text]
    create(api, email=new)
    assert erase(api, customer).headers["ETag"] == '"4"'
    assert_problem(api.post("/customers", json=a_person(email=heir["email"])), 409, "field-taken")


def test_no_log_has_personal_data_of_an_erased_customer(
    api: httpx.Client, life: Life, aws: Aws, home: StackHome
) -> None:
    _assert_gone(api, life)

    def everything_is_logged() -> list[str]:
        lines = [line for group in aws.log_groups() for line in aws.log_messages(group, life.began)]
        projected = [line for line in lines if '"projected"' in line and life.customer_id in line]
        assert len(projected) > VERSIONS
        return lines

    assert not [line for line in eventually(everything_is_logged) if life.found_in(line)]
    for log in home.log("mapping").parent.iterdir():
        assert not life.found_in(log.read_text(errors="replace")), log.name
    for kept in (path for path in home.mappings.rglob("*") if path.is_file()):
        assert not life.found_in(kept.read_text(errors="replace")), kept.name


def test_the_history_of_what_happened_stays(life: Life, store: DynamoDbEventStore, api: httpx.Client) -> None:
    after = events_of(store, life.customer_id)
    assert [event.type for event in after] == [
        "CustomerCreated",
        *["CustomerUpdated"] * (VERSIONS - 1),
        "CustomerErased",
    ]
    assert [event.version for event in after] == list(range(1, VERSIONS + 2))
    assert [event.data for event in after[:-1]] == [REDACTED] * VERSIONS
    for was, now in zip(life.before, after, strict=False):
        assert (was.event_id, was.type, was.schema_version) == (now.event_id, now.type, now.schema_version)
        assert (was.occurred_at, replace(was.metadata, request_hash="")) == (now.occurred_at, now.metadata)
    assert {event.metadata.actor for event in after} == {claims_of(api.headers["authorization"])["sub"]}
    times = [event.occurred_at for event in after]
    assert times == sorted(times)
    assert times[:-1] == [answer["updated_at"] for answer in life.answers]


@pytest.fixture
def nothing_comes_back(api: httpx.Client, life: Life, read_model: DynamoDbReadModel, active: int) -> Iterator[None]:
    """Whatever the test does, the row stays a tombstone of the last version."""
    generation, tombstone = active, VERSIONS + 1
    _assert_gone(api, life)
    # Once this one is projected, so are all that were written before.
    last = api.post("/customers", json=a_person())
    assert api.get("/customers", headers=seeing(last)).status_code == 200
    listed = page(api, limit=100)
    yield
    row = read_model.get(life.customer_id, generation, consistent=True)
    assert row == Row(life.customer_id, generation, tombstone, None)
    _assert_gone(api, life)
    assert page(api, limit=100) == listed


def _orders(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Ways in which a stream may deliver old events again."""
    yield list(events)
    yield list(reversed(events))
    yield [event for event in events for _ in range(2)]
    for event in events:
        yield [event]


@pytest.mark.usefixtures("nothing_comes_back")
def test_old_images_do_not_bring_an_erased_customer_back(
    life: Life, aws: Aws, function_names: Mapping[str, str], store: DynamoDbEventStore
) -> None:
    """A batch that was in flight during the erasure still holds the data; so does the stream for a day."""
    last = events_of(store, life.customer_id)[-1]
    for events in _orders(life.before):
        for batch in (events, [*events, last], [last, *events]):
            answer = aws.invoke(function_names["ProjectCustomers"], batch_of(*map(record_of, batch)))
            assert failures_of(answer) == []


def test_old_images_alone_create_no_customer_if_the_row_was_lost(
    life: Life,
    aws: Aws,
    function_names: Mapping[str, str],
    outputs: Mapping[str, str],
    read_model: DynamoDbReadModel,
    active: int,
    store: DynamoDbEventStore,
) -> None:
    """Rebuilds from nothing: late images show the person until the erasure's own record, which always follows."""
    generation = active
    key: Any = {"customer_id": {"S": life.customer_id}, "generation": {"N": str(generation)}}
    aws.dynamodb.delete_item(TableName=outputs["ReadTable"], Key=key)
    # The third event shows a gap, which is filled from the event table, which has the erasure.
    answer = aws.invoke(function_names["ProjectCustomers"], batch_of(record_of(life.before[2])))
    assert failures_of(answer) == []
    row = read_model.get(life.customer_id, generation, consistent=True)
    # No further than that event, because earlier generations were brought no further.
    assert row == Row(life.customer_id, generation, 3, None)
    aws.invoke(function_names["ProjectCustomers"], batch_of(record_of(events_of(store, life.customer_id)[-1])))
    row = read_model.get(life.customer_id, generation, consistent=True)
    assert row == Row(life.customer_id, generation, VERSIONS + 1, None)


def test_a_history_longer_than_one_transaction_is_redacted_completely(
    api: httpx.Client, store: DynamoDbEventStore, aws: Aws, outputs: Mapping[str, str]
) -> None:
    customer = create(api)
    for number in range(2, LONG_HISTORY + 1):
        customer = update(api, customer, city=f"City {number}")
    answer = erase(api, customer)
    assert answer.headers["etag"] == f'"{LONG_HISTORY + 1}"'
    last, *before = store.newest_first(customer["id"])
    assert is_erasure(last)
    assert len(before) == LONG_HISTORY
    assert {record.data for record in before[:MOST_REDACTED_AT_ONCE]} == {REDACTED}

    def nothing_is_left() -> None:
        """The event bus invokes FinishErasures, or else its schedule does within some minutes."""
        assert not any(map(is_left_over, store.newest_first(customer["id"])))
        assert customer["id"] not in [each["customer_id"]["S"] for each in _rows(aws, outputs["ErasuresTable"])]

    eventually(nothing_is_left)
    assert api.get(f"/customers/{customer['id']}", headers=seeing(answer)).status_code == 404
