"""Waiting for the projection."""

from typing import TYPE_CHECKING

import pytest

from events.customer import Erased
from projections.generations import FIRST_GENERATION
from projections.row import Row, row_of
from queries.get_customer import get_customer
from queries.read_your_writes import Clock, ReadAfter, parse_read_after, wait_for
from shared.http.consistency import ConsistencyToken, parse_token
from shared.http.problems import InvalidFields, NotFound, NotYetReadable
from tests.fakes.read_model import InMemoryReadModel, reader_over

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


def row(version: int) -> Row:
    return row_of(Erased(ID, version), FIRST_GENERATION)


class FakeClock:
    """Virtual time, in which a projection may catch up.

    Attributes:
        seconds: The time.
        happens: What happens when.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.happens: dict[float, Callable[[], None]] = {}

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds
        for moment in [moment for moment in self.happens if moment <= self.seconds]:
            self.happens.pop(moment)()

    @property
    def time(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep)


def wait(read_model: InMemoryReadModel, clock: FakeClock, version: int = 2, seconds: int = 2) -> Row:
    return wait_for(ReadAfter(ConsistencyToken(ID, version), seconds), read_model, FIRST_GENERATION, clock.time)


@pytest.mark.parametrize("version", [2, 3])
def test_what_is_there_is_not_waited_for(version: int) -> None:
    read_model, clock = InMemoryReadModel(), FakeClock()
    read_model.stored[ID, FIRST_GENERATION] = row(version)

    assert wait(read_model, clock).version == version
    assert clock.seconds == 0


@pytest.mark.parametrize("before", [None, 1])
def test_what_comes_in_time_is_answered(before: int | None) -> None:
    read_model, clock = InMemoryReadModel(), FakeClock()
    if before:
        read_model.stored[ID, FIRST_GENERATION] = row(before)
    clock.happens[1.0] = lambda: read_model.stored.__setitem__((ID, FIRST_GENERATION), row(2))

    assert wait(read_model, clock).version == 2
    assert 1.0 <= clock.seconds < 1.3


@pytest.mark.parametrize("seconds", [0, 2, 10])
def test_what_does_not_come_is_an_honest_503_and_never_a_stale_answer(seconds: int) -> None:
    read_model, clock = InMemoryReadModel(), FakeClock()
    read_model.stored[ID, FIRST_GENERATION] = row(1)

    with pytest.raises(NotYetReadable) as raised:
        wait(read_model, clock, seconds=seconds)

    assert clock.seconds == pytest.approx(seconds)
    assert raised.value.headers == {"Retry-After": "1"}


def test_a_customer_on_the_way_is_no_false_404() -> None:
    patience = ReadAfter(ConsistencyToken(ID, 1), seconds=1)

    with pytest.raises(NotYetReadable):
        get_customer(ID, reader_over(InMemoryReadModel()), patience, FakeClock().time)


def test_an_awaited_erasure_is_a_true_404() -> None:
    read_model = InMemoryReadModel()
    read_model.stored[ID, FIRST_GENERATION] = row(2)

    with pytest.raises(NotFound):
        get_customer(ID, reader_over(read_model), ReadAfter(ConsistencyToken(ID, 2), seconds=1), FakeClock().time)


def test_a_token_of_another_customer_is_waited_for_and_the_one_asked_for_is_shown() -> None:
    other = "1d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
    read_model, clock = InMemoryReadModel(), FakeClock()
    clock.happens[0.5] = lambda: read_model.stored.__setitem__((ID, FIRST_GENERATION), row(1))

    with pytest.raises(NotFound):
        get_customer(other, reader_over(read_model), ReadAfter(ConsistencyToken(ID, 1), seconds=1), clock.time)
    assert clock.seconds >= 0.5


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [(None, 2), ("wait=5", 5), ("wait=0", 0), ("wait=99", 10), ("respond-async, wait=3", 3), ("WAIT=4", 4),
     ("wait=-1", 2), ("wait=soon", 2), ("await=9", 2), ("wait=1.5", 2)],
)  # fmt: skip
def test_the_wait_is_the_callers_within_bounds(prefer: str | None, seconds: int) -> None:
    headers = {"consistency-token": ConsistencyToken(ID, 2).encode()} | ({"prefer": prefer} if prefer else {})

    assert parse_read_after(headers) == ReadAfter(ConsistencyToken(ID, 2), seconds)


def test_without_a_token_nobody_waits() -> None:
    assert parse_read_after({"prefer": "wait=5"}) is None


@pytest.mark.parametrize("token", ["", "x", "e30", "MSAw", "YSAw", "🙂", "=" * 50, "A" * 5000])
def test_a_token_that_is_none_is_refused_by_name(token: str) -> None:
    with pytest.raises(InvalidFields, match="Consistency-Token"):
        parse_token(token)
