"""Which erasures a run of FinishErasures finishes, and when it reports a failure."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime.clock import timestamp
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import START, created, erased, history

OLD, NEW = "0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77", "1d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a77"


@pytest.fixture
def store() -> InMemoryEventStore:
    return InMemoryEventStore()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, store: InMemoryEventStore) -> Any:
    for name in ("EVENT_TABLE", "ERASURES_TABLE", "ERASURE_LOG_TABLE"):
        monkeypatch.setenv(name, "test")
    module = import_module("commands.handlers.finish_erasures")
    monkeypatch.setattr(module, "store", store)
    monkeypatch.setattr(module, "erasures", store)
    monkeypatch.setattr(module, "utc_now", lambda: START)
    return module


def context(milliseconds_left: int = 300_000) -> Any:
    return SimpleNamespace(
        function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r",
        get_remaining_time_in_millis=lambda: milliseconds_left,
    )  # fmt: skip


def given_erased(store: InMemoryEventStore, customer_id: str, *, seconds_ago: float) -> None:
    for event in (created(customer_id), erased(customer_id, 2)):
        store.append(event)
    store.note_erasure(customer_id, timestamp(START - timedelta(seconds=seconds_ago)))


def test_the_schedule_leaves_young_erasures_to_the_event_bus(handler: Any, store: InMemoryEventStore) -> None:
    given_erased(store, OLD, seconds_ago=300)
    given_erased(store, NEW, seconds_ago=299.999999)

    handler.handle({}, context())

    assert (store.logged, set(store.noted)) == ({OLD}, {NEW})


def test_an_erasure_that_fails_is_reported_and_does_not_hold_up_the_others(
    handler: Any, store: InMemoryEventStore
) -> None:
    store.append(created(OLD))
    store.note_erasure(OLD, timestamp(START - timedelta(hours=2)))
    given_erased(store, NEW, seconds_ago=3600)

    with pytest.raises(handler.ErasuresFailed, match=r"^1 erasures failed$"):
        handler.handle({}, context())

    assert (store.logged, set(store.noted)) == ({NEW}, {OLD})


@pytest.mark.parametrize(("milliseconds_left", "finished"), [(15_000, set()), (15_001, {OLD})])
def test_no_erasure_is_begun_without_time_for_a_transaction(
    handler: Any, store: InMemoryEventStore, milliseconds_left: int, finished: set[str]
) -> None:
    given_erased(store, OLD, seconds_ago=3600)

    handler.handle({}, context(milliseconds_left))

    assert store.logged == finished


def test_the_event_bus_finishes_its_erasure_alone_and_at_once(handler: Any, store: InMemoryEventStore) -> None:
    given_erased(store, OLD, seconds_ago=3600)
    given_erased(store, NEW, seconds_ago=0)

    handler.handle({"detail": {"subject": NEW}}, context())

    assert (store.logged, set(store.noted)) == ({NEW}, {OLD})


def test_a_long_erasure_of_the_event_bus_that_runs_out_of_time_is_left_to_the_schedule(
    handler: Any, store: InMemoryEventStore
) -> None:
    for event in (*history(NEW, 150), erased(NEW, 151)):
        store.append(event)
    store.note_erasure(NEW, timestamp(START))

    handler.handle({"detail": {"subject": NEW}}, context(15_000))

    assert (store.logged, set(store.noted)) == (set(), {NEW})


def test_an_event_of_the_bus_whose_subject_cannot_be_a_customer_is_ignored(
    handler: Any, store: InMemoryEventStore
) -> None:
    given_erased(store, OLD, seconds_ago=3600)

    handler.handle({"detail": {"subject": "nobody"}}, context())

    assert not store.logged


@pytest.mark.parametrize("fault", [None, RuntimeError("the store fails")])
def test_an_erasure_of_the_event_bus_that_fails_is_reported(
    handler: Any, store: InMemoryEventStore, fault: Exception | None
) -> None:
    store.append(created(OLD))
    store.errors += [fault] if fault else []

    with pytest.raises(handler.ErasuresFailed, match=r"^1 erasures failed$"):
        handler.handle({"detail": {"subject": OLD}}, context())

    assert not store.logged
