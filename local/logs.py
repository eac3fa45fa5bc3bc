"""Follows the logs of the functions and of the event source mapping."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from local import functions
from local.aws import LocalAws
from local.errors import StackError
from local.functions import LogLine
from local.home import StackHome
from local.outputs import not_running, read

POLL: Final = 0.5  # seconds
LOOK_BACK: Final = 300_000  # milliseconds of history shown first
OVERLAP: Final = 5_000  # milliseconds read again at every poll, because instances log in parallel


def follow(home: StackHome, function: str = "") -> Iterator[tuple[str, str]]:
    """Yield every log line as (source, text), starting five minutes ago. It never ends by itself.

    Args:
        function: Logical id of one function. Empty means all functions and the event source mapping.

    Raises:
        StackError: The stack is not running or has no such function.
    """
    outputs = read(home)
    try:
        wanted = _choose(functions.names(outputs), function)
        mapping_log = FileTail(home.log("mapping"))
        aws, seen, since = LocalAws(outputs["EndpointUrl"]), set[LogLine](), int(time.time() * 1000) - LOOK_BACK
        while True:
            unseen = (line for line in functions.log_lines(aws, wanted, since) if line not in seen)
            fresh = sorted(unseen, key=lambda line: line.at)
            yield from ((line.function, line.text) for line in fresh)
            if not function:
                yield from (("event source mapping", text) for text in mapping_log.new_lines())
            seen.update(fresh)
            since = max(since, max((line.at for line in seen), default=0) - OVERLAP)
            seen = {line for line in seen if line.at >= since}
            time.sleep(POLL)
    except (BotoCoreError, ClientError) as error:
        raise not_running() from error


class FileTail:
    """Reads the lines that were appended to a file since the last read. A replaced file is read from its start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._file_id = 0

    def new_lines(self) -> list[str]:
        """Return complete lines only."""
        try:
            with self._path.open("rb") as file:
                status = self._path.stat()
                if status.st_ino != self._file_id or status.st_size < self._offset:
                    self._file_id, self._offset = status.st_ino, 0
                file.seek(self._offset)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return []
        if not whole:
            return []
        self._offset += len(whole) + 1
        return whole.decode(errors="replace").splitlines()


def _choose(available: Mapping[str, str], function: str) -> Mapping[str, str]:
    if not function:
        return available
    if function not in available:
        raise StackError(f"There is no function {function!r}. FUNCTION may be {', '.join(sorted(available))}.")
    return {function: available[function]}
