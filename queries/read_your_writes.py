"""Waits until the projection has a write, so that a client that sends its consistency token never reads older data."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from projections.read_model import RowStore
from projections.row import Row
from shared.http.consistency import HEADER, ConsistencyToken, parse_token
from shared.http.headers import wait_seconds
from shared.http.problems import FieldError, InvalidFields, NotYetReadable
from shared.runtime.signing import InvalidSignature, Keyring

T = TypeVar("T")

_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class ReadAfter:
    """A write that an answer must contain.

    Attributes:
        token: Names the write.
        seconds: The maximum time to wait for it, 0 to 10.
    """

    token: ConsistencyToken
    seconds: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that tests replace, so that they need not wait.

    Attributes:
        now: Returns seconds and never goes back.
        sleep: Sleeps for a number of seconds.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]


REAL_CLOCK: Final = Clock(time.monotonic, time.sleep)


def parse_read_after(headers: Mapping[str, str], keys: Keyring) -> ReadAfter | None:
    """Return the write that a request must wait for, or None if it names none.

    Args:
        headers: By lower-case name.
        keys: Used only if there is a token.

    Raises:
        InvalidFields: The Consistency-Token is not one that a write returned.
    """
    text = headers.get(HEADER.lower())
    if text is None:
        return None
    try:
        return ReadAfter(parse_token(text, keys), wait_seconds(headers))
    except InvalidSignature:
        raise InvalidFields([FieldError(HEADER, f"{HEADER} must be a token that a write returned.")]) from None


def wait_for(read_after: ReadAfter, read_model: RowStore, generation: int, clock: Clock) -> Row:
    """Return the row of the customer that the token names, once it has the token's version or a later one.

    Raises:
        NotYetReadable: The projection does not have the write in time.
    """

    def row_with_the_write() -> Row | None:
        row = read_model.get(read_after.token.key, generation, consistent=True)
        return row if row and row.version >= read_after.token.version else None

    return wait_until(row_with_the_write, read_after.seconds, clock)


def wait_until(look: Callable[[], T | None], seconds: float, clock: Clock) -> T:
    """Look again and again until something is there.

    Args:
        look: Returns what is waited for; None if it is not there yet.
        seconds: The maximum time to wait.

    Raises:
        NotYetReadable: It was not there in time.
    """
    deadline = clock.now() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        found = look()
        if found is not None:
            return found
        remaining = deadline - clock.now()
        if remaining <= 0:
            raise NotYetReadable
        clock.sleep(min(pause, remaining))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
