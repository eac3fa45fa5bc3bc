"""Checkpoints in files: one JSON file per mapping, replaced atomically."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import get_args

from local.event_source_mapping.positions import IteratorType, Position, ShardCheckpoint


class CheckpointsUnreadable(Exception):
    """A checkpoint file is damaged. The message says how to fix that."""


def write_atomically(path: Path, content: object) -> None:
    """Replace a JSON file so that readers always find a complete file, even after a crash.

    Args:
        path: The file, in an existing folder.
        content: A JSON-serialisable value.

    Raises:
        OSError: The write failed. The file still has its old content.
    """
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class FileCheckpoints:
    """The checkpoints of one mapping on one stream.

    The file contains the stream's ARN, which includes the creation time of the stream. A re-created table has another
    ARN, so the checkpoints of the old table do not apply to it.
    """

    def __init__(self, folder: Path, mapping: str, stream_arn: str) -> None:
        """Read the file, if there is one.

        Args:
            folder: The folder of the files. It is created if needed.
            mapping: The mapping's UUID.
            stream_arn: The stream that the mapping reads.

        Raises:
            CheckpointsUnreadable: The file is damaged.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{mapping}.json"
        self._stream_arn = stream_arn
        self._lock = Lock()
        self._shards = self._read()

    def load(self) -> Mapping[str, ShardCheckpoint]:
        """The saved checkpoints by shard."""
        return dict(self._shards)

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        """Save a checkpoint durably. Threads may call this in parallel.

        Raises:
            OSError: The checkpoint was not saved.
        """
        with self._lock:
            shards = self._shards | {shard_id: checkpoint}
            stored = {name: _to_json(saved) for name, saved in shards.items()}
            write_atomically(self._path, {"stream": self._stream_arn, "shards": stored})
            self._shards = shards

    def _read(self) -> dict[str, ShardCheckpoint]:
        try:
            stored = json.loads(self._path.read_bytes())
            if stored["stream"] != self._stream_arn:
                return {}
            return {name: _from_json(shard) for name, shard in stored["shards"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as damaged:
            raise CheckpointsUnreadable(
                f"{self._path} is damaged ({damaged!r}). Delete it to read the stream again from the mapping's "
                "starting position. Records are then delivered twice, which the functions must tolerate anyway."
            ) from damaged


def _to_json(checkpoint: ShardCheckpoint) -> dict[str, object]:
    position = checkpoint.position
    return {"position": position.kind, "sequence_number": position.sequence_number, "done": checkpoint.done}


def _from_json(stored: Mapping[str, object]) -> ShardCheckpoint:
    kind, number, done = stored["position"], stored["sequence_number"], stored["done"]
    known: dict[object, IteratorType] = {kind: kind for kind in get_args(IteratorType)}
    numbered = isinstance(number, str) and number.isdecimal()
    if not isinstance(done, bool) or numbered != (kind == "AFTER_SEQUENCE_NUMBER"):
        raise ValueError(f"not a checkpoint: {dict(stored)!r}")
    return ShardCheckpoint(Position(known[kind], str(number) if numbered else None), done)
