"""Simulated callers who read how many customers each country has, with a Consistency-Token and without."""

import json
import os
from typing import Any, Final, Protocol

from shared.http.consistency import HEADER, ConsistencyToken
from shared.runtime.signing_keys import keyring_of
from tests.simulation.clients import gateway_event
from tests.simulation.counting import VIEW
from tests.simulation.invariants import Invariants, require
from tests.simulation.readers import Around as Readable
from tests.simulation.signals import Crash

_AWAITED: Final = 0.7


class Around(Readable, Protocol):
    """What they need from their world."""

    invariants: Invariants


class Statisticians:
    """All who read statistics together.

    Attributes:
        requests: Requests sent.
        awaited: Answers to those with a Consistency-Token.
    """

    def __init__(self, world: Around) -> None:
        self.requests = 0
        self.awaited = 0
        self._world = world

    def step(self) -> None:
        """Read the counts, which may fail."""
        random, people = self._world.random, self._world.oracle.people
        if not people:
            return
        customer_id = random.choice(list(people)[-12:])
        awaited = people[customer_id].version if random.random() < _AWAITED else 0
        try:
            response = self._ask(customer_id, awaited)
        except Crash:
            return
        if response["statusCode"] != 200:
            require(response["statusCode"] == 503, "COUNTS", f"the statistics answer {response}")
        elif awaited:
            self.awaited += 1
            self._has(_counts(response), customer_id, awaited)

    def _has(self, counts: dict[str, int], customer_id: str, awaited: int) -> None:
        """The counts contain a write: the customer is where it put them, and nowhere else."""
        person, groups = self._world.oracle.people[customer_id], self._world.invariants.counting.groups
        if person.repaired_at or person.poisoned_at:
            return
        since = set(groups[customer_id][awaited - 1 :])
        [group, *others] = since
        if group is not None and not others:
            require(group in counts, "RYW", f"{group} is not counted after version {awaited} of {customer_id}")
        left = {each for each in groups[customer_id] if each is not None} - since
        theirs = {each for name, known in groups.items() if name != customer_id for each in known}
        wrong = sorted((left - theirs) & counts.keys())
        require(not wrong, "RYW", f"{customer_id} is counted in {wrong} after version {awaited}")

    def counts(self) -> dict[str, int]:
        """The counts when nothing fails."""
        response = self._ask("", 0)
        require(response["statusCode"] == 200, "COUNTS", f"the statistics answer {response}")
        return _counts(response)

    def _ask(self, customer_id: str, awaited: int) -> dict[str, Any]:
        self.requests += 1
        headers = {}
        if awaited:
            token = ConsistencyToken(customer_id, awaited).encode(keyring_of(os.environ["SIGNING_SECRET"]))
            headers = {HEADER: token, "Prefer": "wait=1"}
        event = gateway_event(f"statistics-{self.requests}", "customers/read", headers, "", None)
        return self._world.request("statistics", event | {"pathParameters": {"view": VIEW}})


def _counts(response: dict[str, Any]) -> dict[str, int]:
    page = json.loads(response["body"])
    counts = {each["group"]: each["customers"] for each in page["groups"]}
    require(sum(counts.values()) + page["others"]["customers"] == page["customers"], "COUNTS", f"the total is {page}")
    require(all(number > 0 for number in counts.values()), "COUNTS", f"a country without customers in {page}")
    return counts
