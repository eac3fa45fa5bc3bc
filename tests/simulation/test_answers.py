"""What the simulation demands of a response while events are being repaired."""

import json
from typing import Any, Final

import pytest

from tests.samples import valid_body
from tests.simulation.answers import Answers
from tests.simulation.clients import Intent
from tests.simulation.invariants import Invariants
from tests.simulation.oracle import Oracle
from tests.simulation.signals import Violation
from tests.simulation.tables import our_tables

CUSTOMER: Final = "7d3f0c9e-52f1-4a5b-9c39-0f2f7f1d2a10"
PERSON: Final = valid_body(full_name="Zqx", email="zqx@example.com", city="Zqx", country="Zqx")
UPDATE: Final = Intent("update", CUSTOMER, PERSON)


def event(name: str, kind: str) -> Any:
    return {
        "type": {"S": kind},
        "data": {"S": json.dumps(PERSON)},
        "occurred_at": {"S": "2026-05-17T09:30:00.000000Z"},
        "metadata": {"M": {"command_id": {"S": name}, "causation_id": {"S": name}}},
    }


def world() -> tuple[Oracle, Answers]:
    """A customer whose second event cannot be read."""
    oracle = Oracle()
    oracle.add(CUSTOMER, 1, event("first", "CustomerCreated"), poison=False)
    oracle.add(CUSTOMER, 2, event("second", "CustomerMoved"), poison=True)
    return oracle, Answers(oracle, Invariants(oracle, {table.name: table for table in our_tables()}))


def repair(oracle: Oracle) -> None:
    oracle.repair(CUSTOMER, {2: event("second", "CustomerUpdated")})


def test_a_command_that_read_an_event_before_its_repair_may_fail_after_it() -> None:
    oracle, answers = world()
    before = oracle.repairs

    repair(oracle)

    answers.check_write(UPDATE, 500, "{}", {}, repairs=before)


def test_a_command_sent_after_the_repair_may_not_fail() -> None:
    oracle, answers = world()

    repair(oracle)

    with pytest.raises(Violation, match="500 for a passing trouble"):
        answers.check_write(UPDATE, 500, "{}", {}, repairs=oracle.repairs)


def test_an_erasure_may_not_fail_even_while_events_cannot_be_read() -> None:
    oracle, answers = world()

    with pytest.raises(Violation, match="500 for a passing trouble"):
        answers.check_write(Intent("erase", CUSTOMER, None), 500, "{}", {}, repairs=oracle.repairs)
