"""The contracts of every store of generations and every store of checkpoints."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local import tables
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generation_details import GenerationDetails
from projections.generations import Generations, GenerationsChanged, GenerationStore
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import ProgressStore, SegmentProgress
from projections.read_model import ReadModel, Write
from projections.row import LISTING_SHARDS, Listing, Parked, Row
from tests.fakes.network import lossy
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress, InMemoryReadModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

READ_TABLE = tables.from_template()["ReadTable"]["TableName"]
NOW = datetime(2026, 5, 17, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def empty_table(amazons_dynamodb: "DynamoDBClient") -> str:
    """A new read table for each test, because a table has one record of generations."""
    name = f"generations-{uuid.uuid4()}"
    definition = tables.from_template()["ReadTable"]
    definition["TableName"] = name
    amazons_dynamodb.create_table(**definition)
    return name


@pytest.fixture(params=["memory", "dynamodb-local"])
def generations(request: pytest.FixtureRequest) -> GenerationStore:
    """Each store of generations in turn, empty."""
    if request.param == "memory":
        return InMemoryGenerations()
    return DynamoDbGenerations(request.getfixturevalue("amazons_dynamodb"), request.getfixturevalue("empty_table"))


@pytest.fixture(params=["memory", "dynamodb-local"])
def progress(request: pytest.FixtureRequest) -> ProgressStore:
    """Each store of checkpoints in turn."""
    if request.param == "memory":
        return InMemoryProgress()
    return DynamoDbProgress(request.getfixturevalue("amazons_dynamodb"), READ_TABLE)


@pytest.fixture
def job() -> str:
    """A job name that no other test uses."""
    return f"rebuild-{uuid.uuid4()}"


def test_an_empty_store_returns_the_first_generation(generations: GenerationStore) -> None:
    assert generations.load() == Generations()


def test_every_step_is_saved_and_loaded(generations: GenerationStore) -> None:
    steps: list[Callable[[Generations], Generations]] = [
        lambda current: current.start_rebuild(16),
        lambda current: current.confirm("2026-05-17T09:30:00.000000Z", 9),
        lambda current: current.switch(NOW),
        lambda current: current.rollback(LATER),
        lambda current: current.retire(LATER),
        Generations.start_rebuild,
        lambda current: current.abandon(LATER),
        lambda current: current.removed(2),
    ]
    for revision, step in enumerate(steps, 1):
        changed = step(generations.load())
        assert generations.save(changed) == replace(changed, revision=revision)
        assert generations.load() == replace(changed, revision=revision)
    assert generations.load().retired == (3,)


def test_an_outdated_revision_is_refused(generations: GenerationStore) -> None:
    old = generations.load()
    new = generations.save(old.start_rebuild())

    with pytest.raises(GenerationsChanged):
        generations.save(replace(old, active=7))
    assert generations.load() == new


def test_exactly_one_of_several_concurrent_steps_wins(generations: GenerationStore) -> None:
    """When two operators start a rebuild at once, one of them must learn that theirs did not start."""
    loaded = generations.load()

    def start(_: int) -> bool:
        try:
            generations.save(loaded.start_rebuild())
        except GenerationsChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(start, range(8)))

    assert won.count(True) == 1
    assert generations.load().revision == 1


def test_a_save_whose_answer_was_lost_succeeds_on_retry(amazons_dynamodb: "DynamoDBClient", empty_table: str) -> None:
    client, network = lossy(amazons_dynamodb.meta.endpoint_url, attempts=2)
    store = DynamoDbGenerations(client, empty_table)
    network.lose_writes = 1

    saved = store.save(store.load().start_rebuild())

    assert network.lost == 1
    assert saved == store.load()
    assert saved.revision == 1


def test_a_segment_without_a_checkpoint_is_at_its_start(progress: ProgressStore, job: str) -> None:
    assert progress.load(job, 3) == [SegmentProgress(0), SegmentProgress(1), SegmentProgress(2)]


def test_the_last_checkpoint_of_each_segment_is_loaded(progress: ProgressStore, job: str) -> None:
    started = SegmentProgress(1, {"customer_id": "c-1", "version": "7"}, 1, 7, 0, at="2026-05-17T09:30:00.000000Z")
    finished = replace(started, position=None, customers=3, events=9, problems=1, done=True)
    progress.save(job, started)
    progress.save(job, finished)
    progress.save(job, replace(started, segment=2))

    assert progress.load(job, 3) == [SegmentProgress(0), finished, replace(started, segment=2)]


def test_jobs_are_separate(progress: ProgressStore, job: str) -> None:
    progress.save(job, SegmentProgress(0, events=7))

    assert progress.load(f"{job}0", 1) == [SegmentProgress(0)]


def test_a_removed_job_is_at_its_start_and_other_jobs_are_not_affected(progress: ProgressStore, job: str) -> None:
    for segment in range(30):
        progress.save(job, SegmentProgress(segment, events=7))
    progress.save(f"{job}-plan", SegmentProgress(0, events=9))

    progress.remove(job)
    progress.remove(job)

    assert progress.load(job, 30) == [SegmentProgress(segment) for segment in range(30)]
    assert progress.load(f"{job}-plan", 1) == [SegmentProgress(0, events=9)]


def test_a_record_without_shards_means_todays_number_and_earlier_releases_can_read_one_with_them(
    amazons_dynamodb: "DynamoDBClient", empty_table: str
) -> None:
    """Earlier releases refuse a record with a field that they do not know."""
    store = DynamoDbGenerations(amazons_dynamodb, empty_table)
    store.save(store.load().start_rebuild(16))
    key: Any = {"customer_id": {"S": "#generations"}, "generation": {"N": "0"}}
    item = amazons_dynamodb.get_item(TableName=empty_table, Key=key)["Item"]
    assert set(json.loads(item["record"]["S"])) == {
        "active", "building", "verified", "previous", "retired", "newest", "changed_at", "revision"
    }  # fmt: skip

    later: Any = {"details": {"S": json.dumps([{"number": 2, "shards": 16, "colour": "red"}])}}
    amazons_dynamodb.put_item(TableName=empty_table, Item=item | later)
    assert store.load().details_of(2) == GenerationDetails(2, 16, unknown={"colour": "red"})
    store.save(store.load().confirm("2026-05-17T09:30:00.000000Z", 20))
    kept = amazons_dynamodb.get_item(TableName=empty_table, Key=key)["Item"]
    assert json.loads(kept["details"]["S"])[0]["colour"] == "red"

    del item["details"]
    amazons_dynamodb.put_item(TableName=empty_table, Item=item)
    assert store.load().details_of(2).shards == LISTING_SHARDS


def test_only_the_first_of_two_first_checkpoints_is_saved(progress: ProgressStore, job: str) -> None:
    first, second = SegmentProgress(0, {"segments": "4"}), SegmentProgress(0, {"segments": "40"})

    assert progress.create(job, first) == first
    assert progress.create(job, second) == first
    assert progress.load(job, 1) == [first]


@pytest.mark.parametrize("shards", [1, 4, 7, 64])
def test_nobody_is_missing_from_the_lists_of_a_generation_with_any_number_of_shards(
    both: tuple[GenerationStore, ReadModel], shards: int
) -> None:
    """A reader that was there before the generation began, and one that comes later."""
    generations, read_model = both
    assert [*read_model.parked(2), *read_model.page(2, 10, None)] == []
    generations.save(generations.load().start_rebuild(shards))
    parked = Parked(2, "unknown type", "2026-05-17T09:30:00.000000Z", 1)
    ids = [str(uuid.uuid4()) for _ in range(60)]
    rows = [Row(each, 2, 1, Listing("{}", f"2026#{each}"), parked) for each in ids]
    read_model.write([Write(each, None) for each in rows])

    assert [each.order for each in read_model.page(2, 100, None)] == sorted(
        (f"2026#{each}" for each in ids), reverse=True
    )
    assert sorted(row.customer_id for row in read_model.parked(2)) == sorted(ids)
    assert read_model.get_many(ids, 2) == {row.customer_id: row for row in rows}


def test_many_segments_are_loaded_in_order(progress: ProgressStore, job: str) -> None:
    for segment in reversed(range(120)):
        progress.save(job, SegmentProgress(segment, events=segment))

    assert [checkpoint.events for checkpoint in progress.load(job, 120)] == list(range(120))


@pytest.fixture(params=["memory", "dynamodb-local"])
def both(request: pytest.FixtureRequest) -> tuple[GenerationStore, ReadModel]:
    """A store of generations and the read model of the same table, in turn."""
    if request.param == "memory":
        stored, rows = InMemoryGenerations(), InMemoryReadModel()
        rows.revision = lambda: stored.saved.revision
        return stored, rows
    client, table = request.getfixturevalue("amazons_dynamodb"), request.getfixturevalue("empty_table")
    return DynamoDbGenerations(client, table), DynamoDbReadModel(client, table)


@pytest.mark.parametrize("saves", [0, 1, 2])
def test_rows_without_a_generation_are_removed_while_the_record_is_unchanged(
    both: tuple[GenerationStore, ReadModel], saves: int
) -> None:
    generations, read_model = both
    for _ in range(saves):
        generations.save(generations.load())
    rows = [Row(str(uuid.uuid4()), 7, 1, None) for _ in range(25)]
    read_model.write([Write(each, None) for each in rows])

    assert read_model.remove_unassigned(rows, generations.load())
    assert read_model.get_many([each.customer_id for each in rows], 7) == {}


@pytest.mark.parametrize("saves", [0, 1])
def test_rows_without_a_generation_stay_once_the_record_has_changed(
    both: tuple[GenerationStore, ReadModel], saves: int
) -> None:
    generations, read_model = both
    for _ in range(saves):
        generations.save(generations.load())
    row = Row(str(uuid.uuid4()), 7, 1, None)
    read_model.write([Write(row, None)])
    before = generations.load()
    generations.save(before.start_rebuild())

    assert not read_model.remove_unassigned([row], before)
    assert read_model.get(row.customer_id, 7, consistent=True) == row
