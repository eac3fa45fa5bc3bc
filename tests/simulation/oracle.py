"""What must be true, derived from the event table's writes alone and without our own fold."""

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
    """One customer as an all-seeing observer knows them.

    Attributes:
        documents: The answer that is right at each version; None once erased or unreadable.
        items: The events as they were first written.
        erased_at: The version that erased them; 0 for never.
        poisoned_at: The first version that our code cannot read; 0 for none, and once they are erased.
        mended_at: The number of the repair that made their events readable again; 0 for none.
        claim: The claim on their address; empty when erased.
        causes: The request that caused each version.
    """

    documents: list[Document | None] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    erased_at: int = 0
    poisoned_at: int = 0
    mended_at: int = 0
    claim: str = ""
    causes: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        """The newest one."""
        return len(self.items)

    @property
    def is_live(self) -> bool:
        """Whether there is somebody to show."""
        return not self.erased_at and not self.poisoned_at


@lru_cache(maxsize=4096)
def parsed(text: str) -> Document:
    """A JSON text, which is read but once; nobody may change what is returned.

    Args:
        text: An object's.
    """
    document: Document = from_json(text)
    return document


class Oracle:
    """Every customer, and which command caused which event.

    Attributes:
        people: By id.
        holders: Whose a claim must be.
        commands: The event of each command id.
        requests: The event of each request id.
        repairs: How many there were, over all customers.
    """

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.holders: dict[str, str] = {}
        self.commands: dict[str, tuple[str, int]] = {}
        self.requests: dict[str, tuple[str, int]] = {}
        self.repairs = 0

    def add(self, customer_id: str, version: int, item: Item, *, poison: bool) -> None:
        """Take in an event.

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

    def mend(self, customer_id: str, mended: dict[int, Item]) -> None:
        """A poisoned customer's events can be read now.

        Args:
            customer_id: Whose.
            mended: The new form of the events that were unreadable.
        """
        person = self.people[customer_id]
        self.repairs += 1
        person.mended_at = self.repairs
        person.items = [mended.get(number + 1, item) for number, item in enumerate(person.items)]
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
    """The answer that is right after one more event."""
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
