"""FinishErasures as an actor: called for one customer by the event bus, and for all that are noted by the schedule."""

from contextlib import suppress
from random import Random
from types import SimpleNamespace
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from commands.handlers.finish_erasures import ErasuresFailed
from tests.simulation.clock import VirtualClock
from tests.simulation.database import Database
from tests.simulation.invariants import Invariants, require
from tests.simulation.oracle import Oracle
from tests.simulation.signals import Crash

_SCHEDULED: Final[dict[str, Any]] = {"source": "aws.events", "detail": {}}
# How often a run is short of time after its first transaction.
_SHORT: Final = 0.3
_SECONDS_UNTIL_DUE: Final = 301


class Around(Protocol):
    """What the function needs from its world."""

    random: Random
    clock: VirtualClock
    database: Database
    oracle: Oracle
    invariants: Invariants

    def finish_erasures(self, event: dict[str, Any], context: object) -> None:
        """Call the function."""


class Finisher:
    """Both callers of the function."""

    def __init__(self, world: Around) -> None:
        self._world = world

    def step(self) -> None:
        """Call the function once. It may die, fail or be short of time."""
        random = self._world.random
        known = list(self._world.oracle.people)
        # The bus may name anyone: the function itself looks whether the customer is erased.
        event = {"detail": {"subject": random.choice(known)}} if known and random.random() < 0.5 else _SCHEDULED
        milliseconds = 0 if random.random() < _SHORT else 60_000
        with suppress(Crash, ErasuresFailed, BotoCoreError, ClientError):
            self._world.finish_erasures(event, _context(milliseconds))

    def finish(self, customer_id: str) -> None:
        """The event bus names a customer, and nothing cuts the call short."""
        self._world.finish_erasures({"detail": {"subject": customer_id}}, _context(10**9))

    def finish_all(self) -> None:
        """Once nothing fails any more, the schedule finishes every erasure."""
        self._world.clock.advance(_SECONDS_UNTIL_DUE)
        self._world.finish_erasures(_SCHEDULED, _context(10**9))
        noted = [key[0] for key, _ in self._world.database.tables["erasures"].all()]
        require(not noted, "I9", f"the erasures of {sorted(noted)} are not finished")
        for customer_id, person in self._world.oracle.people.items():
            if person.erased_at:
                self._world.invariants.is_forgotten(customer_id)


def _context(milliseconds: int) -> object:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
