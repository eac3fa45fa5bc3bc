"""Simulated callers who search a customer by e-mail address, with a Consistency-Token and without."""

import json
import os
from typing import Any

from shared.http.consistency import HEADER, ConsistencyToken
from shared.runtime.signing_keys import keyring_of
from tests.simulation.clients import gateway_event
from tests.simulation.invariants import require
from tests.simulation.oracle import Document, Person, claim_of
from tests.simulation.readers import Around
from tests.simulation.signals import Crash


class Searchers:
    """All who search together.

    Attributes:
        searches: Requests sent.
        awaited: Those with a Consistency-Token.
    """

    def __init__(self, world: Around) -> None:
        self.searches = 0
        self.awaited = 0
        self._world = world

    def step(self) -> None:
        """Search an address that some customer has or had, which may fail."""
        random, people = self._world.random, self._world.oracle.people
        if not people:
            return
        customer_id = random.choice(list(people)[-12:])
        awaited = people[customer_id].version if random.random() < 0.6 else 0
        addresses = [document["email"] for document in people[customer_id].documents if document]
        if not addresses:
            return
        email = random.choice((addresses[-1], random.choice(addresses)))
        try:
            self._search(email.swapcase() if random.random() < 0.3 else email, customer_id, awaited)
        except Crash:
            return

    def _search(self, email: str, customer_id: str, awaited: int) -> None:
        response = self._ask(email, customer_id, awaited)
        if response["statusCode"] != 200:
            require(response["statusCode"] == 503, "SEARCH", f"the search answers {response}")
            return
        found = self._checked(email, response)
        for shown in found:
            self._world.answers.is_true(shown, awaited if shown["id"] == customer_id else 0)
        if awaited and self._has_held(self._world.oracle.people[customer_id], awaited, email):
            ids = [shown["id"] for shown in found]
            require(ids == [customer_id], "RYW", f"{customer_id} is not found after version {awaited} was written")

    def _has_held(self, person: Person, awaited: int, email: str) -> bool:
        """Whether a customer has had an address at every version from the awaited one on."""
        if not person.is_live or person.repaired_at:
            return False
        since = person.documents[awaited - 1 :]
        return all(document is not None and claim_of(document["email"]) == claim_of(email) for document in since)

    def holder(self, email: str) -> str:
        """Whom an address finds when nothing fails: their id, or an empty text."""
        response = self._ask(email, "", 0)
        require(response["statusCode"] == 200, "SEARCH", f"the search answers {response}")
        found = self._checked(email, response)
        for shown in found:
            self._world.answers.is_true(shown, 0)
        return found[0]["id"] if found else ""

    def _checked(self, email: str, response: dict[str, Any]) -> list[Document]:
        """The customers of a page: at most one, who has the address in this very answer."""
        page = json.loads(response["body"])
        found: list[Document] = page["customers"]
        require(len(found) <= 1 and page["next_cursor"] is None, "SEARCH", f"a page of {len(found)}")
        for shown in found:
            is_asked = claim_of(shown["email"]) == claim_of(email)
            require(is_asked, "SEARCH", f"an address finds {shown['id']}, who has another one")
        return found

    def _ask(self, email: str, customer_id: str, awaited: int) -> dict[str, Any]:
        self.searches += 1
        self.awaited += bool(awaited)
        headers = {}
        if awaited:
            token = ConsistencyToken(customer_id, awaited).encode(keyring_of(os.environ["SIGNING_SECRET"]))
            headers = {HEADER: token, "Prefer": "wait=1"}
        event = gateway_event(f"search-{self.searches}", "customers/read", headers, "", {"email": email})
        return self._world.request("search", event)
