"""The truth, derived from the event table's writes alone and without our own fold."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from pydantic_core import from_json

from tests.samples import PERSONAL_FIELDS
from tests.simulation.expressions import Item
from tests.simulation.signals import Violation

REDACTED: Final = '{"redacted":true}'


Document = dict[str, Any]


@dataclass(slots=True)
class Person:
    """One customer as an omniscient observer knows it.

    Attributes:
        documents: The right response at each version; None once erased or unreadable.
        items: The events as first written.
        erased_at: The version of the erasure; 0 for none.
        poisoned_at: The first version that our code cannot read; 0 for none, and once erased.
        repaired_at: The number of the repair that made the events readable again; 0 for none.
        claim: The claim on the address; empty once erased.
        causes: The request that caused each version.
    """

    documents: list[Document | None] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    erased_at: int = 0
    poisoned_at: int = 0
    repaired_at: int = 0
    claim: str = ""
    causes: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        """The newest version."""
        return len(self.items)

    @property
    def is_live(self) -> bool:
        """Whether there is a customer to show."""
        return not self.erased_at and not self.poisoned_at


@lru_cache(maxsize=4096)
def parsed(text: str) -> Document:
    """A parsed JSON text. It is parsed only once, so callers must not change the result."""
    document: Document = from_json(text)
    return document


class Oracle:
    """Every customer, and which command caused which event.

    Attributes:
        people: Customers by id.
        holders: The customer that must hold each claim.
        commands: The event of each command id.
        requests: The event of each request id.
        repairs: The number of repairs, over all customers.
    """

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.holders: dict[str, str] = {}
        self.commands: dict[str, tuple[str, int]] = {}
        self.requests: dict[str, tuple[str, int]] = {}
        self.repairs = 0

    def add(self, customer_id: str, version: int, item: Item, *, poison: bool) -> None:
        """Record an event.

        Raises:
            Violation: I2, I3 or the uniqueness of addresses is broken.
        """
        person = self.people.setdefault(customer_id, Person())
        if version != person.version + 1:
            raise Violation("I2", f"version {version} of {customer_id} follows {person.version}")
        if person.erased_at and not poison:
            raise Violation("I2", f"version {version} of {customer_id} follows their erasure")
        person.items.append(item)
        if poison:
            person.poisoned_at = person.poisoned_at or version
            person.documents.append(None)
            person.causes.append("")
            return
        self._know_cause(person, customer_id, version, item["metadata"]["M"])
        person.documents.append(_document(person, customer_id, version, item))
        self._hand_over(person, customer_id, item)

    def repair(self, customer_id: str, repaired: dict[int, Item]) -> None:
        """Record that a poisoned customer's events have become readable.

        Args:
            customer_id: The customer's id.
            repaired: The new form of the events that were unreadable, by version.
        """
        person = self.people[customer_id]
        self.repairs += 1
        person.repaired_at = self.repairs
        person.items = [repaired.get(number + 1, item) for number, item in enumerate(person.items)]
        person.documents, person.poisoned_at = [], 0
        for number, item in enumerate(person.items):
            person.documents.append(_document(person, customer_id, number + 1, item))

    def _know_cause(self, person: Person, customer_id: str, version: int, metadata: Item) -> None:
        command, request = metadata["command_id"]["S"], metadata["causation_id"]["S"]
        if command in self.commands:
            raise Violation("I3", f"the command of {self.commands[command]} causes version {version} of {customer_id}")
        self.commands[command] = self.requests[request] = customer_id, version
        person.causes.append(request)

    def _hand_over(self, person: Person, customer_id: str, item: Item) -> None:
        claim = "" if person.erased_at else claim_of(parsed(item["data"]["S"])["email"])
        if claim == person.claim:
            return
        if self.holders.get(person.claim) == customer_id:
            del self.holders[person.claim]
        if claim and self.holders.setdefault(claim, customer_id) != customer_id:
            raise Violation("UNIQUE", f"{customer_id} and {self.holders[claim]} have one address")
        person.claim = claim


def _document(person: Person, customer_id: str, version: int, item: Item) -> Document | None:
    """The right response after one more event."""
    if item["type"]["S"] == "CustomerErased":
        person.erased_at, person.poisoned_at = version, 0
        return None
    data, when = parsed(item["data"]["S"]), item["occurred_at"]["S"]
    first = person.documents[0] if person.documents else None
    fields = {name: data[name] for name in PERSONAL_FIELDS}
    created = first["created_at"] if first else when
    return {"id": customer_id, **fields, "version": version, "created_at": created, "updated_at": when}


@lru_cache(maxsize=4096)
def claim_of(email: str) -> str:
    """The claim on an address."""
    normal = unicodedata.normalize("NFKC", email).casefold()
    return "email#" + hashlib.sha256(normal.encode()).hexdigest()
