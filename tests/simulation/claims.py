"""A simulated operator who compares the claims with the events, and repairs them, while customers change addresses."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from events.dynamodb_store import DynamoDbEventStore
from events.store import StoreBusy
from operations.jobs.claims.differences import REPAIRABLE
from operations.jobs.claims.dynamodb_table import DynamoDbClaims
from operations.jobs.claims.verifier import ClaimVerifier
from projections.maintenance.progress import SegmentProgress
from tests.simulation.invariants import require
from tests.simulation.signals import Crash

if TYPE_CHECKING:
    from tests.simulation.world import World

_SEGMENTS: Final = 2
# How many claims are damaged at most.
_DAMAGED: Final = 6
_STRANGER: Final = "email#0000"


class ClaimsOperator:
    """Runs `verify claims --repair`."""

    def __init__(self, world: "World") -> None:
        self._world = world
        client: Any = world.client
        store = DynamoDbEventStore(client, "events", pause=world.sleep)
        claims = DynamoDbClaims(client, "claims", "events", world.sleep)
        self._verifier = ClaimVerifier(store, claims, world.sleep)

    def step(self) -> None:
        """Repair beside everything else. It may fail or die at any call."""
        with suppress(Crash, StoreBusy, BotoCoreError, ClientError):
            self._world.by_hand(self.repair_all)

    def repair_all(self) -> None:
        """Compare both ways in the command's order, and repair what can be repaired."""
        for step in (self._verifier.customers_step, self._verifier.claims_step):
            for segment in range(_SEGMENTS):
                at = SegmentProgress(segment)
                while not at.done:
                    at, found = step(at, _SEGMENTS)
                    for difference in found:
                        if difference.kind in REPAIRABLE:
                            self._verifier.repair(difference)

    def restore(self) -> None:
        """Damage claims in every way, once nothing fails any more, and repair them."""
        world, table = self._world, self._world.database.tables["claims"]
        before = {key: dict(item) for key, item in table.all()}
        damaged = world.random.sample(sorted(before), min(_DAMAGED, len(before)))
        people = [*world.oracle.people, "nobody"]
        for number, key in enumerate(damaged):
            owner: Any = {"S": world.random.choice(people)}
            table.replace(key, [None, {**before[key], "customer_id": owner}][number % 2], world.clock.now())
        if people[:-1]:
            stranger = {"claim": {"S": _STRANGER}, "customer_id": {"S": people[0]}}
            table.replace((_STRANGER, 0), stranger, world.clock.now())
        self.repair_all()
        after = {key: dict(item) for key, item in table.all()}
        require(after == before, "UNIQUE", f"{len(damaged)} damaged claims were not repaired")
