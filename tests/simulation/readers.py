"""Simulated callers of the API's reads: single customers, with and without a token, and the list page by page."""

import json
import os
from random import Random
from typing import Any, Protocol

from shared.http.consistency import HEADER, ConsistencyToken
from shared.runtime.signing_keys import keyring_of
from tests.simulation.answers import Answers
from tests.simulation.clients import gateway_event
from tests.simulation.invariants import require
from tests.simulation.oracle import Oracle
from tests.simulation.signals import Crash

_MOST_PAGES = 200


class Around(Protocol):
    """What readers need from their world."""

    random: Random
    answers: Answers
    oracle: Oracle

    def request(self, operation: str, event: dict[str, Any]) -> dict[str, Any]: ...


class Readers:
    """All readers together.

    Attributes:
        reads: Requests sent.
        awaited_lists: Pages that were read with a Consistency-Token.
    """

    def __init__(self, world: Around) -> None:
        self.reads = 0
        self.awaited_lists = 0
        self._world = world

    def step(self) -> None:
        """Read something, which may fail."""
        try:
            if self._world.random.random() < 0.7:
                self._one()
            else:
                self._some_pages()
        except Crash:
            return

    def _one(self) -> None:
        random, people = self._world.random, self._world.oracle.people
        if not people:
            return
        customer_id = random.choice(list(people)[-12:])
        awaited = people[customer_id].version if random.random() < 0.6 else 0
        response = self._ask("get", customer_id, awaited, {})
        self._world.answers.check_read(customer_id, awaited, response["statusCode"], response["body"])

    def _some_pages(self) -> None:
        """The list's pages, as far as they can be read, in order and without repeats."""
        random = self._world.random
        limit = random.choice((1, 2, 7, 25, 100))
        query = {"limit": str(limit)}
        customer_id, awaited = self._write_to_await()
        last = ""
        for _ in range(3):
            response = self._ask("list", customer_id, awaited, query)
            if response["statusCode"] != 200:
                require(response["statusCode"] == 503, "PAGES", f"the list answers {response}")
                return
            page = json.loads(response["body"])
            before, last = last, self._page(page["customers"], limit, last)
            if awaited:
                self._has_awaited(page, customer_id, awaited, before)
            if page["next_cursor"] is None:
                return
            query = {"limit": str(limit), "cursor": page["next_cursor"]}

    def _write_to_await(self) -> tuple[str, int]:
        """A write that a caller has seen acknowledged, as its token names it. Often none."""
        random, people = self._world.random, self._world.oracle.people
        if not people or random.random() < 0.4:
            return "", 0
        customer_id = random.choice(list(people)[-12:])
        return customer_id, people[customer_id].version

    def _has_awaited(self, page: dict[str, Any], customer_id: str, awaited: int, before: str) -> None:
        """A page shows the awaited write of the customer whose place is on it.

        Args:
            before: The place of the last customer of the page before; empty on the first page.
        """
        person = self._world.oracle.people[customer_id]
        shown = [each for each in page["customers"] if each["id"] == customer_id]
        for document in shown:
            self._world.answers.is_true(document, awaited)
        first = next((document for document in person.documents if document), None)
        if person.erased_at or person.poisoned_at or person.repaired_at or first is None:
            require(not (shown and person.erased_at == awaited), "RYW", f"{customer_id} is listed after their erasure")
            return
        place = f"{first['created_at']}#{customer_id}"
        ends = "" if page["next_cursor"] is None else _place(page["customers"][-1])
        if (not before or place < before) and place >= ends:
            require(shown, "RYW", f"{customer_id} is not on their page after version {awaited} was written")

    def _page(self, customers: list[Any], limit: int, last: str) -> str:
        require(len(customers) <= limit, "PAGES", f"{len(customers)} on a page of {limit}")
        for shown in customers:
            self._world.answers.is_true(shown, 0)
            place = _place(shown)
            require(not last or place < last, "PAGES", f"{place} stands behind {last}")
            last = place
        return last

    def all(self, limit: int) -> dict[str, int]:
        """The whole list, when nothing fails: versions by id."""
        query, last = {"limit": str(limit)}, ""
        found: dict[str, int] = {}
        for _ in range(_MOST_PAGES):
            response = self._ask("list", "", 0, query)
            require(response["statusCode"] == 200, "PAGES", f"the list answers {response}")
            page = json.loads(response["body"])
            last = self._page(page["customers"], limit, last)
            found |= {shown["id"]: shown["version"] for shown in page["customers"]}
            if page["next_cursor"] is None:
                break
            query = {"limit": str(limit), "cursor": page["next_cursor"]}
        return found

    def _ask(self, operation: str, customer_id: str, awaited: int, query: dict[str, str]) -> dict[str, Any]:
        self.reads += 1
        self.awaited_lists += bool(awaited and operation == "list")
        headers = {}
        if awaited:
            token = ConsistencyToken(customer_id, awaited).encode(keyring_of(os.environ["SIGNING_SECRET"]))
            headers = {HEADER: token, "Prefer": "wait=1"}
        path = customer_id if operation == "get" else ""
        event = gateway_event(f"read-{self.reads}", "customers/read", headers, path, None)
        return self._world.request(operation, event | {"queryStringParameters": query or None})


def _place(document: dict[str, Any]) -> str:
    """Where the list has a customer: newest first."""
    return f"{document['created_at']}#{document['id']}"
