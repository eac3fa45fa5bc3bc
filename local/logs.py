"""Reads the logs of the functions and of the event source mapping, and follows them."""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from local import functions
from local.aws import LocalAws
from local.calls import CallReader, lines_of_trace, routes
from local.errors import StackError
from local.functions import LogLine
from local.home import StackHome
from local.outputs import Outputs, not_running, read
from local.template import load_template
from shared.http.problems import Problem

POLL: Final = 0.5  # seconds
LOOK_BACK: Final = 300_000  # milliseconds of history shown first when following
OVERLAP: Final = 5_000  # milliseconds read again at every poll, because instances log in parallel
_MAPPING: Final = "event source mapping"


def read_lines(home: StackHome, function: str = "", trace: str = "", *, follow: bool = True) -> Iterator[str]:
    """Yield lines to print: one for each call, or with `trace` every line about it.

    Args:
        home: The stack.
        function: Label of one function. Empty means all, those of other stacks on the same local AWS included, and the
            event source mapping.
        trace: A correlation id, request id, trace id or customer id. Empty means all.
        follow: Go on with new lines and never end. Otherwise show everything that was logged, and end.

    Raises:
        StackError: The stack is not running or has no such function.
    """
    outputs = read(home)
    try:
        # Everything of a trace, however old: somebody looks for it because it went wrong earlier.
        since = int(time.time() * 1000) - LOOK_BACK if follow and not trace else 0
        batches = _batches(home, outputs, function, since, follow=follow)
        yield from _of_trace(batches, trace) if trace else _calls(batches, follow=follow)
    except (BotoCoreError, ClientError) as error:
        raise not_running() from error


def _of_trace(batches: Iterable[list[LogLine]], trace: str) -> Iterator[str]:
    for batch in batches:
        yield from lines_of_trace(batch, trace)


def _calls(batches: Iterable[list[LogLine]], *, follow: bool) -> Iterator[str]:
    reader, known = CallReader(_statuses()), routes(load_template())
    width = max(map(len, known), default=0)
    for batch in batches:
        own = [line for line in batch if line.function != _MAPPING]
        for call in reader.calls(own):
            yield call.text(known.get(call.function, "-"), width)
        yield from (f"{line.text}  ({_MAPPING})" for line in batch if line.function == _MAPPING)
    if not follow:
        for call in reader.unfinished():
            yield call.text(known.get(call.function, "-"), width)


def _batches(home: StackHome, outputs: Outputs, function: str, since: int, *, follow: bool) -> Iterator[list[LogLine]]:
    """Yield what was logged since the last batch, in the order of time."""
    aws, seen, mapping_log = LocalAws(outputs["EndpointUrl"]), set[LogLine](), FileTail(home.log("mapping"))
    while True:
        wanted = _choose(functions.all_names(outputs), function)
        unseen = [line for line in functions.log_lines(aws, wanted, since) if line not in seen]
        fresh = sorted(unseen, key=lambda line: line.at)
        own = [] if function else [LogLine(0, _MAPPING, text) for text in mapping_log.new_lines()]
        yield [*fresh, *own]
        if not follow:
            return
        seen.update(fresh)
        since = max(since, max((line.at for line in seen), default=0) - OVERLAP)
        seen = {line for line in seen if line.at >= since}
        time.sleep(POLL)


def _statuses() -> Mapping[str, int]:
    """The HTTP status of each problem that the functions log by its slug."""
    kinds, found = [Problem], {}
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found[getattr(kind, "slug", "")] = int(kind.status)
    return found


def _choose(available: Mapping[str, str], function: str) -> Mapping[str, str]:
    if not function:
        return available
    chosen = {label: name for label, name in available.items() if function in (label, label.rpartition("/")[2])}
    if not chosen:
        raise StackError(f"There is no function {function!r}. FUNCTION may be {', '.join(sorted(available))}.")
    return chosen


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
