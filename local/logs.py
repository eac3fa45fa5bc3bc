"""Follows what the functions and the mapping service log."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local import functions
from local.aws import LocalAws
from local.errors import StackError
from local.functions import LogLine
from local.home import StackHome
from local.outputs import not_running, read

POLL = 0.5  # seconds
LOOK_BACK = 300_000  # milliseconds of the past that are shown first
OVERLAP = 5_000  # milliseconds read again at every look, because instances write side by side


def follow(home: StackHome, function: str = "") -> Iterator[tuple[str, str]]:
    """Every line that is logged, as (who, text), from five minutes ago on, without an end.

    Args:
        home: Which stack.
        function: Only this function, by its name in the template; empty means all, and the mapping service.

    Raises:
        StackError: The stack does not run, or has no such function.
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
                yield from (("mapping service", text) for text in mapping_log.new_lines())
            seen.update(fresh)
            since = max(since, max((line.at for line in seen), default=0) - OVERLAP)
            seen = {line for line in seen if line.at >= since}
            time.sleep(POLL)
    except (BotoCoreError, ClientError) as error:
        raise not_running() from error


class FileTail:
    """The lines that a growing file has gained since the last look; a file that began anew is read from its start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._file_id = 0

    def new_lines(self) -> list[str]:
        """Whole lines only."""
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


def _choose(all_of_them: Mapping[str, str], function: str) -> Mapping[str, str]:
    if not function:
        return all_of_them
    if function not in all_of_them:
        raise StackError(f"There is no function {function!r}: FUNCTION may be {', '.join(sorted(all_of_them))}.")
    return {function: all_of_them[function]}
