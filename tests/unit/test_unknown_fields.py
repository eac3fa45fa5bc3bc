"""Whatever is stored or queued as JSON may have fields that a later release added. Nobody stumbles over them."""

import json
from typing import Any

import pytest

from consumer_kit.dead_letters import describe
from consumer_kit.parsing import from_cloud_event, is_rejection
from consumer_kit.rejection import parsed_rejection, rejection
from local.demo_user import DemoUser, _stored_user
from local.event_source_mapping.checkpoints import FileCheckpoints
from local.event_source_mapping.positions import Position, ShardCheckpoint
from local.home import StackHome
from operations.jobs.backfill.checkpoints import BackfillPosition, position_of
from operations.jobs.backfill.messages import Unsent
from operations.jobs.lost_batch import parse_lost_batch
from projections.maintenance.progress import SegmentProgress, load_plan
from publisher.publish_failures import PublishFailure, parse_publish_failure
from queries.cursor import Cursor, decode_cursor
from shared.http.consistency import ConsistencyToken, parse_token
from shared.runtime.signing import sign
from shared.runtime.signing_keys import keyring_of
from tests.fakes.read_model import InMemoryProgress
from tests.unit.consumer_kit.deliveries import cloud_event

KEYS = keyring_of("literal:key")
LATER: dict[str, Any] = {"later": {"field": 1}}


def test_a_publish_failure() -> None:
    failure = PublishFailure("c-1", 2, "e-1", "too large")
    stored = json.loads(failure.to_json())

    assert parse_publish_failure(json.dumps({"unpublished": {**stored["unpublished"], **LATER}, **LATER})) == failure


def test_a_publish_failure_without_a_field_is_not_one() -> None:
    with pytest.raises(TypeError):
        parse_publish_failure('{"unpublished": {"customer_id": "c-1"}}')


def test_a_lost_batch() -> None:
    info = {
        "shardId": "shard-1",
        "approximateArrivalOfFirstRecord": "2026-05-17T09:30:00Z",
        "approximateArrivalOfLastRecord": "2026-05-17T09:31:00Z",
        "batchSize": 3,
    }
    message: Any = {"Body": json.dumps({"DDBStreamBatchInfo": {**info, **LATER}, **LATER}), "ReceiptHandle": "r"}

    assert parse_lost_batch(message).records == 3


def test_a_dead_letter_of_a_consumer() -> None:
    body = json.loads(rejection(json.dumps({"detail": cloud_event(7)}), "too new"))
    later = json.dumps({"rejected": {**body["rejected"], **LATER}, **LATER})

    assert parsed_rejection(later) == {**body["rejected"], **LATER}
    # Without its data the letter must never be sent back to the consumer.
    assert describe({"MessageId": "m", "Body": later}).needs_backfill


@pytest.mark.parametrize("wrapper", ["detail", "specversion", "Type"])
def test_a_message_with_its_data_is_not_a_dead_letter(wrapper: str) -> None:
    assert not is_rejection({"rejected": {}, wrapper: "whatever"})


def test_a_cloud_event() -> None:
    event = cloud_event(3)

    assert from_cloud_event({**event, **LATER}) == from_cloud_event(event)


def test_a_backfills_checkpoint() -> None:
    position = BackfillPosition({"customer_id": "c-1", "version": "2"}, "c-1", 5, (Unsent("c-2", 1, "too large"),))
    stored = dict(position.as_position("run-1"))
    place = json.loads(stored["place"])
    place = {**place, "unsent": [{**unsent, **LATER} for unsent in place["unsent"]], **LATER}

    assert position_of(SegmentProgress(0, {**stored, "place": json.dumps(place), "later": "x"})) == position


def test_a_plan() -> None:
    store = InMemoryProgress()
    store.save("rebuild-2-plan", SegmentProgress(0, {"segments": "7", "later": "x"}, events=10))

    plan = load_plan(store, 2)

    assert plan is not None
    assert (plan.segments, plan.expected_events) == (7, 10)


def test_a_cursor() -> None:
    text = sign("GET /customers newest-first 2", json.dumps([3, "2026#c-1", LATER]).encode(), KEYS)

    assert decode_cursor(text, KEYS) == Cursor(3, "2026#c-1")


def test_a_consistency_token() -> None:
    assert parse_token(sign("Consistency-Token 1", b"c-1 7 later", KEYS), KEYS) == ConsistencyToken("c-1", 7)


def test_a_checkpoint_of_the_mapping_service(tmp_path: Any) -> None:
    FileCheckpoints(tmp_path, "m-1", "stream-1").save("shard-1", checkpoint := _at("5"))
    file = tmp_path / "m-1.json"
    stored = json.loads(file.read_text())
    file.write_text(json.dumps({**stored, "shards": {"shard-1": {**stored["shards"]["shard-1"], **LATER}}, **LATER}))

    assert FileCheckpoints(tmp_path, "m-1", "stream-1").load() == {"shard-1": checkpoint}


def test_the_demo_user(tmp_path: Any) -> None:
    home = StackHome(tmp_path, 1)
    (tmp_path / "demo-user.json").write_text(json.dumps({"email": "a@example.com", "password": "p", **LATER}))

    assert _stored_user(home) == DemoUser("a@example.com", "p")


def _at(number: str) -> ShardCheckpoint:
    return ShardCheckpoint(Position("AFTER_SEQUENCE_NUMBER", number), done=False)
