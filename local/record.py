"""What a stack's folder says about the stack: where it was started, and whether its start was completed.

A start is complete when its end is recorded. From then on the stack may hold data, and nothing restarts it unasked. The
record also tells a folder that was renamed or copied since: the processes go on with the paths of the old one.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.errors import StackError
from local.home import StackHome, emulator_service, write_private

NAME: Final = "stack.json"


@dataclass(frozen=True, slots=True)
class StackRecord:
    """The content of a stack's `stack.json`.

    Attributes:
        folder: The stack's folder when it was started.
        complete: Whether the stack has passed its smoke test since its local AWS was started.
    """

    folder: Path
    complete: bool


def read(folder: Path) -> StackRecord | None:
    """Return the record in a folder; None without one."""
    try:
        content = json.loads((folder / NAME).read_text())
        return StackRecord(Path(content["folder"]), content["complete"] is True)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def write(home: StackHome, *, complete: bool) -> None:
    """Record that the stack's local AWS was started, or that the whole start is complete."""
    write_private(home.folder / NAME, json.dumps({"folder": str(home.folder), "complete": complete}))


def may_hold_data(home: StackHome) -> bool:
    """Whether the stack of this very folder was started completely."""
    record = read(home.folder)
    return record is not None and record.complete and record.folder == home.folder


def is_elsewhere(folder: Path) -> bool:
    """Whether a folder is a renamed or copied one, so that its files describe a stack that was started elsewhere."""
    record = read(folder)
    return record is not None and record.folder != folder


def former_folder(folder: Path) -> Path | None:
    """The folder that a renamed one had when its stack was started; None if it was not renamed.

    A copy is not a renamed folder: its original is still there, and the stack is the original's.
    """
    record = read(folder)
    if record is None or record.folder == folder or (record.folder / NAME).exists():
        return None
    return record.folder


def check_place(home: StackHome) -> None:
    """Check that the folder was not renamed while its stack is running.

    Raises:
        StackError: It was, and the processes use paths that no longer exist.
    """
    former = former_folder(home.folder)
    if former and emulator_service(former).find():
        raise StackError(
            f"This folder was {former} when its stack was started, and the stack is still running with that path. Move "
            "the folder back, or run make down, then make up: that deletes the stack's data."
        )
