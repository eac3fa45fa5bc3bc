"""Items that a later release wrote are read, and what it added outlives a write of this release."""

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from consumer_kit import ERASED, DynamoDbInbox
from consumer_kit.ordering import CustomerState, after_handling, after_holding
from events.codec import to_item
from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures, note
from events.dynamodb_store import DynamoDbEventStore
from events.history import fold
from local import tables
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import Generations
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import SegmentProgress
from projections.read_model import Write, WriteResult
from projections.row import Parked, row_of
from tests.samples import created, history, updated
from tests.unit.consumer_kit.deliveries import event

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLES = {name: definition["TableName"] for name, definition in tables.from_template().items()}
LATER: Any = {"later": {"S": "x"}}
NOW = "2026-05-17T10:00:00.000000Z"


@pytest.fixture
def client(amazons_dynamodb: "DynamoDBClient") -> "DynamoDBClient":
    return amazons_dynamodb


@pytest.fixture
def customer_id() -> str:
    return str(uuid.uuid4())


def edit(client: "DynamoDBClient", table: str, key: Any, attribute: str, **fields: Any) -> None:
    """Add fields to the JSON in an attribute of an item, and an attribute to the item."""
    item: Any = client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    item[attribute] = {"S": json.dumps({**json.loads(item[attribute]["S"]), **fields})}
    client.put_item(TableName=table, Item={**item, **LATER})


def stored(client: "DynamoDBClient", table: str, key: Any) -> Any:
    return client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]


def test_the_record_of_generations(client: "DynamoDBClient") -> None:
    table = f"unknown-fields-{uuid.uuid4()}"
    client.create_table(**(tables.from_template()["ReadTable"] | {"TableName": table}))
    generations = DynamoDbGenerations(client, table)
    saved = generations.save(Generations().start_rebuild())
    key = {"customer_id": {"S": "#generations"}, "generation": {"N": "0"}}
    edit(client, table, key, "record", shards={"2": 16}, unknown="x")

    loaded = generations.load()
    generations.save(loaded.confirm())

    assert replace(loaded, unknown={}) == saved
    assert json.loads(stored(client, table, key)["record"]["S"])["shards"] == {"2": 16}
    assert generations.load().verified


def test_a_checkpoint(client: "DynamoDBClient") -> None:
    job, table = f"rebuild-{uuid.uuid4()}", TABLES["ReadTable"]
    progress = DynamoDbProgress(client, table)
    at = SegmentProgress(0, {"customer_id": "c", "version": "1"}, events=3)
    progress.save(job, at)
    edit(client, table, {"customer_id": {"S": f"#{job}"}, "generation": {"N": "0"}}, "progress", rows=9)

    assert progress.load(job, 1) == [at]


def test_an_inbox_and_the_events_that_it_holds(client: "DynamoDBClient", customer_id: str) -> None:
    table = TABLES["WelcomeTable"]
    inbox = DynamoDbInbox(client, table)
    inbox.save(after_holding(CustomerState(customer_id), event(3, customer_id=customer_id), NOW))
    key = {"customer_id": {"S": customer_id}, "item": {"S": "inbox"}}
    item = stored(client, table, key)
    held = json.dumps({**json.loads(item["held"]["M"]["3"]["S"]), "tier": 2})
    client.put_item(TableName=table, Item={**item, "held": {"M": {"3": {"S": held}}}, **LATER})

    state = inbox.load(customer_id)
    assert state.held[3] == event(3, customer_id=customer_id)
    inbox.save(after_holding(state, event(4, customer_id=customer_id), NOW))

    item = stored(client, table, key)
    assert item["later"] == LATER["later"]
    assert json.loads(item["held"]["M"]["3"]["S"])["tier"] == 2
    assert "tier" not in json.loads(item["held"]["M"]["4"]["S"])


def test_an_inbox_that_holds_nothing_any_more_keeps_none_of_it(client: "DynamoDBClient", customer_id: str) -> None:
    inbox = DynamoDbInbox(client, TABLES["WelcomeTable"])
    inbox.save(after_holding(CustomerState(customer_id), event(2, customer_id=customer_id), NOW))
    inbox.save(after_handling(inbox.load(customer_id), event(5, customer_id=customer_id), NOW))

    key = {"customer_id": {"S": customer_id}, "item": {"S": "inbox"}}
    assert not {"held", "waiting", "waiting_since"} & stored(client, TABLES["WelcomeTable"], key).keys()


def test_an_erasure_leaves_nothing_of_it(client: "DynamoDBClient", customer_id: str) -> None:
    inbox = DynamoDbInbox(client, TABLES["WelcomeTable"])
    inbox.save(after_handling(CustomerState(customer_id), event(1, customer_id=customer_id), NOW))
    key = {"customer_id": {"S": customer_id}, "item": {"S": "inbox"}}
    client.put_item(TableName=TABLES["WelcomeTable"], Item={**stored(client, TABLES["WelcomeTable"], key), **LATER})

    inbox.save(after_handling(inbox.load(customer_id), event(2, ERASED, customer_id), NOW))

    assert "later" not in stored(client, TABLES["WelcomeTable"], key)


def test_a_note_of_an_erasure(client: "DynamoDBClient", customer_id: str) -> None:
    client.put_item(TableName=TABLES["ErasuresTable"], Item={**note(customer_id, NOW), **LATER})

    log = DynamoDbErasureLog(client, TABLES["ErasureLogTable"])
    erasures = DynamoDbErasures(client, TABLES["ErasuresTable"], log).unfinished()

    assert (customer_id, NOW) in {(each.customer_id, each.since) for each in erasures}


def test_a_row(client: "DynamoDBClient", customer_id: str) -> None:
    rows = DynamoDbReadModel(client, TABLES["ReadTable"])
    [state, after] = [fold(history(customer_id, versions)) for versions in (1, 2)]
    assert state
    assert after
    row = replace(row_of(state, 1), parked=Parked(2, "unknown type", NOW, 1))
    assert rows.write([Write(row, None)]) == [WriteResult.APPLIED]
    key = {"customer_id": {"S": customer_id}, "generation": {"N": "1"}}
    edit(client, TABLES["ReadTable"], key, "document", phone="+44")

    found = rows.get(customer_id, 1, consistent=True)
    assert found
    assert (found.version, found.parked) == (1, row.parked)
    assert rows.write([Write(row_of(after, 1), found)]) == [WriteResult.APPLIED]
    assert stored(client, TABLES["ReadTable"], key)["later"] == LATER["later"]


def test_an_event_and_its_redaction(client: "DynamoDBClient", customer_id: str) -> None:
    store = DynamoDbEventStore(client, TABLES["EventTable"], TABLES["ClaimsTable"], TABLES["ErasuresTable"])
    events = [created(customer_id), updated(customer_id, 2)]
    for each in events:
        item = to_item(each)
        metadata: Any = {"M": {**item["metadata"]["M"], "tenant": {"S": "x"}}}
        client.put_item(TableName=TABLES["EventTable"], Item={**item, "metadata": metadata, **LATER})

    assert store.read(customer_id) == events
    store.redact(customer_id, [1])

    item = stored(client, TABLES["EventTable"], {"customer_id": {"S": customer_id}, "version": {"N": "1"}})
    assert (item["later"], item["metadata"]["M"]["tenant"]) == (LATER["later"], {"S": "x"})
