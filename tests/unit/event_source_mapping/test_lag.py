"""How far a mapping is behind, from its checkpoints and the stream alone."""

import json
from dataclasses import replace

import pytest

from local.event_source_mapping.lag import MappingLag, lag_of
from local.event_source_mapping.ports import StreamGone
from local.event_source_mapping.positions import LATEST, ShardCheckpoint, after
from local.event_source_mapping.records import StreamRecord
from tests.unit.event_source_mapping.fakes import NOW, FakeStream, record, settings

NOTHING = MappingLag(0, None)


def checkpoint(number: int, *, done: bool = False) -> ShardCheckpoint:
    return ShardCheckpoint(after(str(number)), done)


def records(*numbers: int) -> list[StreamRecord]:
    return [record(number, arrived=NOW + number) for number in numbers]


def test_records_after_the_checkpoint_wait_and_the_oldest_gives_the_age() -> None:
    stream = FakeStream(a=records(1, 2, 3, 4))

    assert lag_of(settings(), stream, {"a": checkpoint(2)}) == MappingLag(2, NOW + 3)
    assert lag_of(settings(), stream, {"a": checkpoint(4)}) == NOTHING


def test_all_shards_and_all_pages_count() -> None:
    stream = FakeStream(a=records(1, 2, 3), b=records(5, 6))
    stream.page_size = 1

    assert lag_of(settings(), stream, {"a": checkpoint(1), "b": checkpoint(4)}) == MappingLag(4, NOW + 2)


def test_a_shard_without_a_checkpoint_is_read_from_where_the_mapping_starts() -> None:
    stream = FakeStream(a=records(1, 2))

    assert lag_of(settings(), stream, {}) == MappingLag(2, NOW + 1)
    assert lag_of(settings(starting_position="LATEST"), stream, {}) == NOTHING
    assert lag_of(settings(), stream, {"a": ShardCheckpoint(LATEST)}) == NOTHING


def test_a_drained_shard_is_not_read_again() -> None:
    stream = FakeStream(a=records(1, 2))
    stream.split("a", b=records(3))

    assert lag_of(settings(), stream, {"a": checkpoint(1, done=True)}) == MappingLag(1, NOW + 3)


def test_records_that_the_filters_keep_from_the_function_do_not_wait() -> None:
    only_inserts = settings(patterns=(json.dumps({"eventName": ["INSERT"]}),))
    changed = replace(record(2), event={**record(2).event, "eventName": "MODIFY"})

    assert lag_of(only_inserts, FakeStream(a=[record(1), changed]), {}) == MappingLag(1, NOW)


def test_no_more_records_are_counted_than_asked() -> None:
    assert lag_of(settings(), FakeStream(a=records(1, 2, 3)), {}, most=2) == MappingLag(2, NOW + 1)


def test_a_stream_that_is_gone_is_reported() -> None:
    stream = FakeStream(a=[])
    stream.gone = True

    with pytest.raises(StreamGone):
        lag_of(settings(), stream, {})
