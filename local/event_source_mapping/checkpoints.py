"""Checkpoints in files: one JSON file per mapping, replaced as a whole."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import get_args

from local.event_source_mapping.positions import IteratorType, Position, ShardCheckpoint


class CheckpointsUnreadable(Exception):
    """A checkpoint file is damaged; the text says what to do about it."""


def write_atomically(path: Path, content: object) -> None:
    """Replace a JSON file so that whoever reads it, at any moment and after any crash, finds it whole.

    Args:
        path: The file; its folder exists.
        content: JSON-safe.

    Raises:
        OSError: The old content is still there.
    """
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class FileCheckpoints:
    """The memory of one mapping on one stream.

    The file holds the stream's ARN, which names the moment its table was made: a re-created table has another, and
    what is remembered of the old one does not apply to it.
    """

    def __init__(self, folder: Path, mapping: str, stream_arn: str) -> None:
        """Read what is there.

        Args:
            folder: Where the files lie; made if needed.
            mapping: The mapping's UUID.
            stream_arn: The stream it reads.

        Raises:
            CheckpointsUnreadable: The file is damaged.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{mapping}.json"
        self._stream_arn = stream_arn
        self._lock = Lock()
        self._shards = self._read()

    def load(self) -> Mapping[str, ShardCheckpoint]:
        """What is remembered, by shard."""
        return dict(self._shards)

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        """Remember durably; safe to call from several threads.

        Raises:
            OSError: It is not remembered.
        """
        with self._lock:
            shards = self._shards | {shard_id: checkpoint}
            stored = {name: _to_json(each) for name, each in shards.items()}
            write_atomically(self._path, {"stream": self._stream_arn, "shards": stored})
            self._shards = shards

    def _read(self) -> dict[str, ShardCheckpoint]:
        try:
            stored = json.loads(self._path.read_bytes())
            if stored["stream"] != self._stream_arn:
                return {}
            return {name: _of_json(each) for name, each in stored["shards"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as damaged:
            raise CheckpointsUnreadable(
                f"{self._path} is damaged ({damaged!r}). Delete it to read the stream again from the mapping's "
                "starting position: records are then delivered a second time, which the functions must bear anyway."
            ) from damaged


def _to_json(checkpoint: ShardCheckpoint) -> dict[str, object]:
    position = checkpoint.position
    return {"position": position.kind, "sequence_number": position.sequence_number, "done": checkpoint.done}


def _of_json(stored: Mapping[str, object]) -> ShardCheckpoint:
    kind, number, done = stored["position"], stored["sequence_number"], stored["done"]
    known: dict[object, IteratorType] = {each: each for each in get_args(IteratorType)}
    numbered = isinstance(number, str) and number.isdecimal()
    if not isinstance(done, bool) or numbered != (kind == "AFTER_SEQUENCE_NUMBER"):
        raise ValueError(f"not a checkpoint: {dict(stored)!r}")
    return ShardCheckpoint(Position(known[kind], str(number) if numbered else None), done)
