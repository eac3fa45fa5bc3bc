"""What every store of generations, and every store of checkpoints, promises."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from local import tables
from projections.dynamodb_generations import DynamoDbGenerations
from projections.generations import Generations, GenerationsChanged, GenerationStore
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import ProgressStore, SegmentProgress
from tests.fakes.network import lossy
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

READ_TABLE = tables.from_template()["ReadTable"]["TableName"]
NOW = datetime(2026, 5, 17, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def empty_table(amazons_dynamodb: "DynamoDBClient") -> str:
    """A read table of the test's own: there is one record of generations in each."""
    name = f"generations-{uuid.uuid4()}"
    definition = tables.from_template()["ReadTable"]
    definition["TableName"] = name
    amazons_dynamodb.create_table(**definition)
    return name


@pytest.fixture(params=["memory", "dynamodb-local"])
def generations(request: pytest.FixtureRequest) -> GenerationStore:
    """Each store of generations in turn, with nothing in it."""
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
def work() -> str:
    """A piece of work that no other test has."""
    return f"rebuild-{uuid.uuid4()}"


def test_before_anything_was_saved_the_first_generation_stands_alone(generations: GenerationStore) -> None:
    assert generations.load() == Generations()


def test_what_was_saved_is_loaded_through_all_steps(generations: GenerationStore) -> None:
    steps: list[Callable[[Generations], Generations]] = [
        Generations.start_rebuild,
        Generations.confirm,
        lambda all_: all_.switch(NOW),
        lambda all_: all_.rollback(LATER),
        lambda all_: all_.retire(LATER),
        Generations.start_rebuild,
        lambda all_: all_.abandon(LATER),
        lambda all_: all_.removed(2),
    ]
    for revision, step in enumerate(steps, 1):
        wanted = step(generations.load())
        assert generations.save(wanted) == replace(wanted, revision=revision)
        assert generations.load() == replace(wanted, revision=revision)
    assert generations.load().retired == (3,)


def test_a_record_made_from_an_older_one_is_refused(generations: GenerationStore) -> None:
    old = generations.load()
    new = generations.save(old.start_rebuild())

    with pytest.raises(GenerationsChanged):
        generations.save(replace(old, active=7))
    assert generations.load() == new


def test_one_winner_among_those_who_make_the_same_step_at_once(generations: GenerationStore) -> None:
    """Two operators who start a rebuild in the same moment: one of them must learn that it is not theirs."""
    read = generations.load()

    def start(_: int) -> bool:
        try:
            generations.save(read.start_rebuild())
        except GenerationsChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(start, range(8)))

    assert won.count(True) == 1
    assert generations.load().revision == 1


def test_a_save_whose_answer_was_lost_is_found_done(amazons_dynamodb: "DynamoDBClient", empty_table: str) -> None:
    client, network = lossy(amazons_dynamodb.meta.endpoint_url, attempts=2)
    store = DynamoDbGenerations(client, empty_table)
    network.lose_writes = 1

    saved = store.save(store.load().start_rebuild())

    assert network.lost == 1
    assert saved == store.load()
    assert saved.revision == 1


def test_a_segment_without_a_checkpoint_is_at_its_start(progress: ProgressStore, work: str) -> None:
    assert progress.load(work, 3) == [SegmentProgress(0), SegmentProgress(1), SegmentProgress(2)]


def test_the_newest_checkpoint_of_each_segment_is_loaded(progress: ProgressStore, work: str) -> None:
    begun = SegmentProgress(1, {"customer_id": "c-1", "version": "7"}, 1, 7, 0, at="2026-05-17T09:30:00.000000Z")
    ended = replace(begun, position=None, customers=3, events=9, problems=1, done=True)
    progress.save(work, begun)
    progress.save(work, ended)
    progress.save(work, replace(begun, segment=2))

    assert progress.load(work, 3) == [SegmentProgress(0), ended, replace(begun, segment=2)]


def test_pieces_of_work_do_not_see_each_other(progress: ProgressStore, work: str) -> None:
    progress.save(work, SegmentProgress(0, events=7))

    assert progress.load(f"{work}0", 1) == [SegmentProgress(0)]


def test_a_work_that_was_removed_is_at_its_start_and_no_other_is(progress: ProgressStore, work: str) -> None:
    for segment in range(30):
        progress.save(work, SegmentProgress(segment, events=7))
    progress.save(f"{work}-plan", SegmentProgress(0, events=9))

    progress.remove(work)
    progress.remove(work)

    assert progress.load(work, 30) == [SegmentProgress(segment) for segment in range(30)]
    assert progress.load(f"{work}-plan", 1) == [SegmentProgress(0, events=9)]


def test_many_segments_are_loaded_in_their_order(progress: ProgressStore, work: str) -> None:
    for segment in reversed(range(120)):
        progress.save(work, SegmentProgress(segment, events=segment))

    assert [each.events for each in progress.load(work, 120)] == list(range(120))
