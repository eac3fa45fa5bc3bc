"""Erasing again whom the log of erasures names, and comparing the log with the events."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from events.codec import REDACTED
from events.history import is_erasure
from events.store import StoreBusy
from local.home import StackHome
from tests.event_log import append_all
from tests.samples import created, erased, history
from tests.unit.operations.stack import FakeStack

A, B, C = (f"0d8f3c52-6f0e-4f4b-9d55-3f5e2f8d1a7{digit}" for digit in "789")


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def erase(stack: FakeStack, *words: str) -> tuple[int, dict[str, int]]:
    """Run the command; return its exit status and how many customers had each outcome."""
    status = stack.run("recover", "erase", "--json", "--workers", "1", *words)
    return status, json.loads(stack.printed.splitlines()[-1])["customers"]


def is_erased(stack: FakeStack, customer_id: str) -> bool:
    records = stack.store.stored(customer_id)
    rest = {record.data for record in records[:-1]}
    return is_erasure(records[-1]) and rest <= {REDACTED}


def test_everyone_in_the_log_or_noted_is_erased_and_nobody_else(stack: FakeStack) -> None:
    for customer_id in (A, B, C):
        append_all(stack.store, history(customer_id, 2))
    stack.store.logged, stack.store.noted = {A}, {B: "2026-05-17T09:30:00.000000Z"}

    assert erase(stack) == (1, {"would be erased again": 2})
    assert not is_erased(stack, A)
    assert erase(stack, "--go") == (0, {"erased again": 2})

    assert is_erased(stack, A)
    assert is_erased(stack, B)
    assert not is_erased(stack, C)
    assert (stack.store.logged, stack.store.noted) == ({A, B}, {})
    assert erase(stack, "--go") == (0, {"is erased": 2})


def test_a_customer_without_events_is_erased_so_that_the_id_cannot_come_back(stack: FakeStack) -> None:
    stack.store.logged = {A}

    assert erase(stack, "--go") == (0, {"had no events, erased": 1})
    [record] = stack.store.stored(A)
    assert is_erasure(record)
    assert record.version == 1


def test_an_erasure_that_the_restore_cut_is_finished(stack: FakeStack) -> None:
    stack.store.append(created(A))
    stack.store.append(erased(A, 2))
    stack.store.noted, stack.store.logged = {}, {A}

    assert erase(stack, "--go") == (0, {"rest of the data removed": 1})
    assert is_erased(stack, A)


def test_a_customer_who_cannot_be_read_now_does_not_hold_up_the_others(stack: FakeStack) -> None:
    for customer_id in (A, B):
        append_all(stack.store, history(customer_id, 1))
    stack.store.logged = {A, B}
    stack.store.errors = [StoreBusy("busy")]

    assert erase(stack, "--go") == (1, {"erased again": 1, "try again": 1})
    assert erase(stack, "--go") == (0, {"erased again": 1, "is erased": 1})


def test_an_address_that_a_later_customer_has_stays_theirs(stack: FakeStack) -> None:
    append_all(stack.store, history(A, 1))
    append_all(stack.store, history(B, 1))
    stack.store.claims = dict.fromkeys(stack.store.claims, B)
    stack.store.logged = {A}

    erase(stack, "--go")

    assert set(stack.store.claims.values()) <= {B}


# verify erasures


def test_erased_customers_whom_the_log_lacks_are_found_and_added(stack: FakeStack) -> None:
    for customer_id in (A, B):
        stack.store.append(created(customer_id))
        stack.store.append(erased(customer_id, 2))
    stack.store.append(created(C))
    stack.store.noted = {B: "2026-05-17T09:30:00.000000Z"}

    assert stack.run("verify", "erasures", "--workers", "1") == 1
    assert f"{A}  False" in stack.printed
    assert stack.store.logged == set()
    assert stack.run("verify", "erasures", "--repair", "--workers", "1") == 0
    assert "2 erased customers compared, 1 not in the log. 1 added." in stack.printed
    assert stack.store.logged == {A}, "B's erasure is noted, and will be logged when it is finished"
    assert stack.run("verify", "erasures", "--workers", "1") == 0


@pytest.mark.parametrize("step", ["close", "restore", "point", "open"])
def test_the_local_stack_is_not_recovered(
    stack: FakeStack, step: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack = replace(stack.stack, home=StackHome.at(tmp_path, 4566))

    assert stack.run("recover", step) == 1
    assert "pass --stack-name for one on AWS" in capsys.readouterr().err
