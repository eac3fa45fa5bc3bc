"""Waiting for the projection."""

import base64
from typing import TYPE_CHECKING

import pytest

from events.customer import Erased
from projections.generations import FIRST_GENERATION
from projections.row import Row, row_of
from queries.get_customer import get_customer
from queries.read_your_writes import Clock, ReadAfter, parse_read_after, wait_for
from shared.http.consistency import ConsistencyToken
from shared.http.problems import InvalidFields, NotFound, NotYetReadable
from shared.runtime.signing import sign
from tests.fakes.read_model import InMemoryReadModel, reader_over
from tests.fakes.signing_keys import KEYS, NO_KEYS, keyring_with

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


def row(version: int) -> Row:
    return row_of(Erased(ID, version), FIRST_GENERATION)


class FakeClock:
    """A virtual clock that runs callbacks at given times.

    Attributes:
        seconds: The current time.
        callbacks: By the time at which they run.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.callbacks: dict[float, Callable[[], None]] = {}

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds
        for moment in [moment for moment in self.callbacks if moment <= self.seconds]:
            self.callbacks.pop(moment)()

    @property
    def time(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep)


def wait(read_model: InMemoryReadModel, clock: FakeClock, version: int = 2, seconds: int = 2) -> Row:
    return wait_for(ReadAfter(ConsistencyToken(ID, version), seconds), read_model, FIRST_GENERATION, clock.time)


@pytest.mark.parametrize("version", [2, 3])
def test_a_write_that_is_there_is_not_waited_for(version: int) -> None:
    read_model, clock = InMemoryReadModel(), FakeClock()
    read_model.stored[ID, FIRST_GENERATION] = row(version)

    assert wait(read_model, clock).version == version
    assert clock.seconds == 0


@pytest.mark.parametrize("before", [None, 1])
def test_a_write_that_arrives_in_time_is_returned(before: int | None) -> None:
    read_model, clock = InMemoryReadModel(), FakeClock()
    if before:
        read_model.stored[ID, FIRST_GENERATION] = row(before)
    clock.callbacks[1.0] = lambda: read_model.stored.__setitem__((ID, FIRST_GENERATION), row(2))

    assert wait(read_model, clock).version == 2
    assert 1.0 <= clock.seconds < 1.3


@pytest.mark.parametrize("seconds", [0, 2, 10])
def test_a_write_that_does_not_arrive_is_a_503_and_never_a_stale_answer(seconds: int) -> None:
    read_model, clock = InMemoryReadModel(), FakeClock()
    read_model.stored[ID, FIRST_GENERATION] = row(1)

    with pytest.raises(NotYetReadable) as raised:
        wait(read_model, clock, seconds=seconds)

    assert clock.seconds == pytest.approx(seconds)
    assert raised.value.headers == {"Retry-After": "1"}


def test_a_customer_not_yet_projected_is_not_a_404() -> None:
    read_after = ReadAfter(ConsistencyToken(ID, 1), seconds=1)

    with pytest.raises(NotYetReadable):
        get_customer(ID, reader_over(InMemoryReadModel()), read_after, FakeClock().time)


def test_an_awaited_erasure_is_a_404() -> None:
    read_model = InMemoryReadModel()
    read_model.stored[ID, FIRST_GENERATION] = row(2)

    with pytest.raises(NotFound):
        get_customer(ID, reader_over(read_model), ReadAfter(ConsistencyToken(ID, 2), seconds=1), FakeClock().time)


def test_a_token_of_another_customer_is_waited_for_too() -> None:
    other = "1d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"
    read_model, clock = InMemoryReadModel(), FakeClock()
    clock.callbacks[0.5] = lambda: read_model.stored.__setitem__((ID, FIRST_GENERATION), row(1))

    with pytest.raises(NotFound):
        get_customer(other, reader_over(read_model), ReadAfter(ConsistencyToken(ID, 1), seconds=1), clock.time)
    assert clock.seconds >= 0.5


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [(None, 2), ("wait=5", 5), ("wait=0", 0), ("wait=99", 10), ("respond-async, wait=3", 3), ("WAIT=4", 4),
     ("wait=-1", 2), ("wait=soon", 2), ("await=9", 2), ("wait=1.5", 2)],
)  # fmt: skip
def test_the_caller_sets_the_wait_within_limits(prefer: str | None, seconds: int) -> None:
    headers = {"consistency-token": ConsistencyToken(ID, 2).encode(KEYS)} | ({"prefer": prefer} if prefer else {})

    assert parse_read_after(headers, KEYS) == ReadAfter(ConsistencyToken(ID, 2), seconds)


def test_without_a_token_there_is_no_wait() -> None:
    assert parse_read_after({"prefer": "wait=5"}, NO_KEYS) is None


@pytest.mark.parametrize("token", ["", "x", "e30", "MSAw", "YSAw", "🙂", "=" * 50, "A" * 5000])
def test_an_invalid_token_is_refused_by_name(token: str) -> None:
    with pytest.raises(InvalidFields, match="Consistency-Token"):
        parse_read_after({"consistency-token": token}, KEYS)


@pytest.mark.parametrize("content", [f"{ID} 0", f"{ID} -1", f"{ID} 1000000000", "#active 1", f"{'k' * 65} 1", ID])
def test_a_signed_text_that_is_no_token_is_refused(content: str) -> None:
    token = sign("Consistency-Token 1", content.encode(), KEYS)

    with pytest.raises(InvalidFields, match="Consistency-Token"):
        parse_read_after({"consistency-token": token}, KEYS)


def unsigned() -> str:
    return base64.urlsafe_b64encode(f"{ID} 2".encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned(), id="unsigned"),
        pytest.param(ConsistencyToken(ID, 2).encode(keyring_with("another stage's key")), id="foreign-key"),
        pytest.param(sign("GET /customers newest-first 2", f"{ID} 2".encode(), KEYS), id="a-cursor"),
        pytest.param(ConsistencyToken(ID, 2).encode(KEYS) + "=", id="padded"),
        pytest.param(ConsistencyToken(ID, 2).encode(KEYS)[:-1], id="cut"),
    ],
)
def test_a_made_up_token_is_refused_without_a_wait(token: str) -> None:
    with pytest.raises(InvalidFields, match="Consistency-Token"):
        parse_read_after({"consistency-token": token}, KEYS)
