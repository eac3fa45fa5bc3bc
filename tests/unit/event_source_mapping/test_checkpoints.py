"""Checkpoints in files."""

import json
from pathlib import Path

import pytest

from local.event_source_mapping.checkpoints import CheckpointsUnreadable, FileCheckpoints
from local.event_source_mapping.positions import LATEST, TRIM_HORIZON, ShardCheckpoint, after
from tests.unit.event_source_mapping.fakes import STREAM


def test_saved_checkpoints_survive_a_restart(tmp_path: Path) -> None:
    saved = {
        "a": ShardCheckpoint(after("100000000000000000042")),
        "b": ShardCheckpoint(LATEST, done=True),
        "c": ShardCheckpoint(TRIM_HORIZON),
    }
    checkpoints = FileCheckpoints(tmp_path / "deep" / "folder", "m", STREAM)
    for shard_id, checkpoint in saved.items():
        checkpoints.save(shard_id, checkpoint)
    assert FileCheckpoints(tmp_path / "deep" / "folder", "m", STREAM).load() == saved == checkpoints.load()


def test_a_re_created_table_starts_from_the_beginning(tmp_path: Path) -> None:
    FileCheckpoints(tmp_path, "m", STREAM).save("a", ShardCheckpoint(after("1")))
    assert FileCheckpoints(tmp_path, "m", STREAM.replace("2024", "2025")).load() == {}


def test_mappings_do_not_share_checkpoints(tmp_path: Path) -> None:
    FileCheckpoints(tmp_path, "m", STREAM).save("a", ShardCheckpoint(after("1")))
    assert FileCheckpoints(tmp_path, "n", STREAM).load() == {}


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = FileCheckpoints(tmp_path, "m", STREAM)
    checkpoints.save("a", ShardCheckpoint(after("1")))

    def crash(_: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="power cut"):
        checkpoints.save("a", ShardCheckpoint(after("2")))
    expected = {"a": ShardCheckpoint(after("1"))}
    assert FileCheckpoints(tmp_path, "m", STREAM).load() == checkpoints.load() == expected


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"stream": "%s"}',
        '{"stream": "%s", "shards": {"a": {}}}',
        '{"stream": "%s", "shards": {"a": {"position": "NOWHERE", "sequence_number": null, "done": false}}}',
        '{"stream": "%s", "shards": {"a": {"position": "LATEST", "sequence_number": "1", "done": false}}}',
        '{"stream": "%s", "shards": {"a": {"position": "AFTER_SEQUENCE_NUMBER", "sequence_number": "x", "done": 1}}}',
    ],
)
def test_the_error_for_a_damaged_file_says_how_to_fix_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json").write_text(content.replace("%s", STREAM))
    with pytest.raises(CheckpointsUnreadable, match=r"m\.json is damaged .* Delete it"):
        FileCheckpoints(tmp_path, "m", STREAM)


def test_the_file_is_readable_json(tmp_path: Path) -> None:
    FileCheckpoints(tmp_path, "m", STREAM).save("a", ShardCheckpoint(after("7")))
    assert json.loads((tmp_path / "m.json").read_text()) == {
        "stream": STREAM,
        "shards": {"a": {"position": "AFTER_SEQUENCE_NUMBER", "sequence_number": "7", "done": False}},
    }
