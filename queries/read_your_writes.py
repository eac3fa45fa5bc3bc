"""Waits until the projection has a write, so that its writer never reads from before it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from projections.read_model import ReadModel
from projections.row import Row
from shared.http.consistency import HEADER, ConsistencyToken, parse_token
from shared.http.headers import wait_seconds
from shared.http.problems import NotYetReadable

_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class ReadAfter:
    """What a reader wants to see, and how long they wait for it.

    Attributes:
        token: The write.
        seconds: At most so long, 0 to 10.
    """

    token: ConsistencyToken
    seconds: int


@dataclass(frozen=True, slots=True)
class Clock:
    """The passing of time, given so that tests need not wait for it.

    Attributes:
        now: Seconds of a clock that only goes forward.
        sleep: Waits so many seconds.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]


REAL_CLOCK: Final = Clock(time.monotonic, time.sleep)


def read_after(headers: Mapping[str, str]) -> ReadAfter | None:
    """What the request's headers ask for.

    Args:
        headers: By lower-case name.

    Returns:
        None where no write is named.

    Raises:
        InvalidFields: The Consistency-Token is not one.
    """
    text = headers.get(HEADER.lower())
    return ReadAfter(parse_token(text), wait_seconds(headers)) if text is not None else None


def wait_for(patience: ReadAfter, read_model: ReadModel, generation: int, clock: Clock) -> Row:
    """The row that has the write, or a later one, of the customer whom the token names.

    Args:
        patience: What is wanted.
        read_model: Where customers are read.
        generation: Which rows.
        clock: Real or not.

    Raises:
        NotYetReadable: The projection does not have the write yet.
    """
    deadline = clock.now() + patience.seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        row = read_model.get(patience.token.key, generation, consistent=True)
        if row and row.version >= patience.token.version:
            return row
        left = deadline - clock.now()
        if left <= 0:
            raise NotYetReadable
        clock.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
