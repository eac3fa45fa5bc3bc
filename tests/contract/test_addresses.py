"""The contract of every read model: which customers are found by an e-mail address."""

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from events.claims import email_claim
from events.codec import decode
from events.customer import Erased, evolve
from events.envelope import Event
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.maintenance.differences import DifferenceKind
from projections.maintenance.verify import Verifier
from projections.projector import Projector
from projections.read_model import ReadModel, Write, WriteResult
from projections.row import Parked, Row, row_of
from tests.contract.test_read_model import TestOnTheWire
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import created, updated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def an_address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def row_for(email: str, generation: int, customer_id: str = "") -> Row:
    return row_after(created(customer_id or str(uuid.uuid4()), email=email), generation=generation)


def row_after(*events: Event, generation: int) -> Row:
    state = None
    for event in events:
        state = evolve(state, event, decode(event))
    assert state
    return row_of(state, generation)


def found(read_model: ReadModel, email: str, generation: int) -> list[str]:
    return sorted(read_model.ids_by_address(email_claim(email), generation))


def test_a_customer_is_found_in_their_generation(read_model: ReadModel, generation: int) -> None:
    email = an_address()
    one, other = row_for(email, generation), row_for(an_address(), generation)
    elsewhere = row_for(email, generation + 500_000)
    read_model.write([Write(each, None) for each in (one, other, elsewhere)])

    assert found(read_model, email.upper(), generation) == [one.customer_id]
    assert found(read_model, email, generation + 500_000) == [elsewhere.customer_id]
    assert found(read_model, an_address(), generation) == []


def test_an_update_of_the_address_moves_the_customer(read_model: ReadModel, generation: int) -> None:
    old, new, customer_id = an_address(), an_address(), str(uuid.uuid4())
    first, second = created(customer_id, email=old), updated(customer_id, 2, email=new)
    one, two = row_after(first, generation=generation), row_after(first, second, generation=generation)
    read_model.write([Write(one, None)])

    assert read_model.write([Write(two, one)]) == [WriteResult.APPLIED]

    assert found(read_model, old, generation) == []
    assert found(read_model, new, generation) == [customer_id]


def test_an_erased_customer_is_found_no_more_and_their_address_finds_the_next_one(
    read_model: ReadModel, generation: int
) -> None:
    email = an_address()
    one, next_one = row_for(email, generation), row_for(email, generation)
    read_model.write([Write(one, None)])

    read_model.write([Write(row_of(Erased(one.customer_id, 2), generation), one)])
    assert found(read_model, email, generation) == []

    read_model.write([Write(next_one, None)])
    assert found(read_model, email, generation) == [next_one.customer_id]


def test_all_rows_that_show_an_address_are_found(read_model: ReadModel, generation: int) -> None:
    """The row of the customer who gave it up may be behind."""
    email = an_address()
    rows = [row_for(email, generation) for _ in range(3)]
    read_model.write([Write(each, None) for each in rows])

    assert found(read_model, email, generation) == sorted(each.customer_id for each in rows)


def test_a_parked_customer_is_found_by_the_address_that_their_row_shows(read_model: ReadModel, generation: int) -> None:
    email = an_address()
    one = row_for(email, generation)
    read_model.write([Write(one, None)])
    parked = replace(one, parked=Parked(2, "unknown type", "2026-05-17T09:30:00.000000Z", 1))

    read_model.write([Write(parked, one)])
    assert found(read_model, email, generation) == [one.customer_id]
    [read_back] = read_model.get_many([one.customer_id], generation).values()
    read_model.write([Write(one, read_back)])
    assert found(read_model, email, generation) == [one.customer_id]


def test_a_removed_row_is_found_no_more(read_model: ReadModel, generation: int) -> None:
    email = an_address()
    one = row_for(email, generation)
    read_model.write([Write(one, None)])

    read_model.remove([one])

    assert found(read_model, email, generation) == []


class TestRowsOfAnEarlierRelease:
    """They lack the key, or have the one of an address that the earlier release has replaced since."""

    CHANGES = ("REMOVE address", "SET address = :wrong")

    @pytest.fixture
    def read_model(self, amazons_dynamodb: "DynamoDBClient") -> DynamoDbReadModel:
        return DynamoDbReadModel(amazons_dynamodb, TestOnTheWire.TABLE)

    @pytest.fixture
    def store(self) -> InMemoryEventStore:
        return InMemoryEventStore()

    def spoil(self, client: "DynamoDBClient", row: Row, change: str) -> None:
        wrong = {":wrong": {"S": f"{row.generation}#{email_claim(an_address())}"}}
        values: Any = {"ExpressionAttributeValues": wrong} if ":wrong" in change else {}
        client.update_item(
            TableName=TestOnTheWire.TABLE,
            Key={"customer_id": {"S": row.customer_id}, "generation": {"N": str(row.generation)}},
            UpdateExpression=change,
            **values,
        )

    @pytest.mark.parametrize("change", CHANGES)
    def test_verify_reports_such_a_row_as_unlisted_and_a_repair_sets_the_key(
        self,
        amazons_dynamodb: "DynamoDBClient",
        read_model: DynamoDbReadModel,
        store: InMemoryEventStore,
        generation: int,
        change: str,
    ) -> None:
        email, customer_id = an_address(), str(uuid.uuid4())
        event = created(customer_id, email=email)
        store.append(event)
        row = row_after(event, generation=generation)
        read_model.write([Write(row, None)])
        self.spoil(amazons_dynamodb, row, change)
        verifier = Verifier(store, read_model, lambda _: None)
        assert found(read_model, email, generation) == []

        difference = verifier.compare([customer_id], generation).get(customer_id)
        assert difference
        assert difference.kind is DifferenceKind.UNLISTED
        assert verifier.repair(difference, generation)

        assert verifier.compare([customer_id], generation).get(customer_id) is None
        assert found(read_model, email, generation) == [customer_id]

    @pytest.mark.parametrize("change", CHANGES)
    def test_an_erasure_and_an_update_leave_nothing_of_the_old_key(
        self, amazons_dynamodb: "DynamoDBClient", read_model: DynamoDbReadModel, generation: int, change: str
    ) -> None:
        rows = [row_for(an_address(), generation) for _ in range(2)]
        read_model.write([Write(each, None) for each in rows])
        for each in rows:
            self.spoil(amazons_dynamodb, each, change)
        new = an_address()
        moved = row_after(
            created(rows[1].customer_id, email=an_address()),
            updated(rows[1].customer_id, 2, email=new),
            generation=generation,
        )

        erased = row_of(Erased(rows[0].customer_id, 2), generation)
        assert read_model.write([Write(erased, rows[0]), Write(moved, rows[1])]) == [WriteResult.APPLIED] * 2

        assert read_model.get_many([each.customer_id for each in rows], generation) == {
            erased.customer_id: erased,
            moved.customer_id: moved,
        }
        assert found(read_model, new, generation) == [moved.customer_id]

    def test_a_rebuild_sets_the_key(
        self,
        amazons_dynamodb: "DynamoDBClient",
        read_model: DynamoDbReadModel,
        store: InMemoryEventStore,
        generation: int,
    ) -> None:
        email, customer_id = an_address(), str(uuid.uuid4())
        event = created(customer_id, email=email)
        store.append(event)
        row = row_after(event, generation=generation)
        read_model.write([Write(row, None)])
        self.spoil(amazons_dynamodb, row, "REMOVE address")

        Projector(read_model, store.read).project(store.read(customer_id), generation + 500_000)

        assert found(read_model, email, generation + 500_000) == [customer_id]
