"""Strange events, as newer code, another writer or a broken disk could leave them, and their repair."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from events import codec
from events.customer import CustomerUpdated
from tests.samples import details_of
from tests.simulation.database import Database
from tests.simulation.expressions import Item
from tests.simulation.invariants import Invariants
from tests.simulation.oracle import Person

_FUTURE: Final = "CustomerMoved"
# How often the writer of a strange event writes another one, which is not strange.
_FOLLOWED: Final = 0.3
# How often a strange event moves the customer to another country.
_MOVED: Final = 0.5


class CustomerMoved(CustomerUpdated):
    """An event that only a later version of our code knows."""


def _unknown_type(item: Item) -> Item:
    return {**item, "type": {"S": _FUTURE}}


def _newer_schema(item: Item) -> Item:
    return {**item, "schema_version": {"N": "7"}}


def _unreadable(item: Item) -> Item:
    data = json.loads(item["data"]["S"])
    return {**item, "data": {"S": json.dumps({**data, "birth": f"born {data['full_name']}"})}}


def _no_json(item: Item) -> Item:
    return {**item, "data": {"S": item["data"]["S"][:-3]}}


def _no_event(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "metadata"}


def _out_of_order(item: Item) -> Item:
    return {**item, "type": {"S": "CustomerCreated"}}


KINDS: Final[tuple[Callable[[Item], Item], ...]] = (
    _unknown_type, _newer_schema, _unreadable, _no_json, _no_event, _out_of_order
)  # fmt: skip


class Poisoner:
    """Writes strange events past our code, and repairs them later.

    Attributes:
        victims: What each strange event should have been, by customer and version.
    """

    def __init__(self, database: Database, invariants: Invariants, random: Random) -> None:
        self.victims: dict[str, dict[int, Item]] = {}
        self._database = database
        self._invariants = invariants
        self._random = random
        codec._MODELS.pop(_FUTURE, None)  # type: ignore[attr-defined]

    def strike(self) -> bool:
        """Poison a customer. Returns False without any customer."""
        people = self._invariants.oracle.people
        live = [name for name in list(people)[-20:] if people[name].is_live]
        if not live:
            return False
        customer_id = self._random.choice(live)
        good = _next_event(people[customer_id], self._random.random() < _MOVED)
        self._leave(customer_id, good, self._random.choice(KINDS)(good))
        if self._random.random() < _FOLLOWED:
            later = _following(good)
            self._leave(customer_id, later, later)
        return True

    def cure(self, *, deploy: bool) -> None:
        """Repair what is broken; with `deploy`, by new code where that is enough."""
        if deploy:
            codec._MODELS[_FUTURE] = CustomerMoved  # type: ignore[index]
        people = self._invariants.oracle.people
        # An erased customer needs no repair, and the data of its events must not come back.
        victims = {name: versions for name, versions in self.victims.items() if not people[name].erased_at}
        for customer_id, versions in victims.items():
            for version, good in versions.items():
                stored = self._database.tables["events"].get((customer_id, version))
                if not deploy or (stored and stored.get("type") != {"S": _FUTURE}):
                    self._write(good)
            self._invariants.oracle.repair(customer_id, versions)
        self.victims = {}

    def _leave(self, customer_id: str, good: Item, item: Item) -> None:
        self.victims.setdefault(customer_id, {})[int(good["version"]["N"])] = good
        self._invariants.meant = self.victims
        self._write(item)

    def _write(self, item: Item) -> None:
        self._invariants.foreign = True
        try:
            self._database.put_item(TableName="events", Item=item)
        finally:
            self._invariants.foreign = False


def _next_event(person: Person, moves: bool) -> Any:
    """An update that our code could have written."""
    # Without the commands before it, as an older release writes events.
    last = {name: value for name, value in person.items[-1].items() if name != "recent_commands"}
    version = person.version + 1
    document = person.documents[-1] or {}
    country = "Zqx abroad" if moves else document["country"]
    return {
        **last,
        "version": {"N": str(version)},
        "event_id": {"S": f"strange-{last['event_id']['S']}"},
        "type": {"S": "CustomerUpdated"},
        "data": {"S": json.dumps(details_of(document, city="Zqx elsewhere", country=country))},
        "metadata": {"M": {**last["metadata"]["M"], "command_id": {"S": f"strange-{last['event_id']['S']}"}}},
    }


def _following(event: Item) -> Item:
    """The next event, by the same writer."""
    data = {**json.loads(event["data"]["S"]), "city": "Zqx further"}
    return {
        **event,
        "version": {"N": str(int(event["version"]["N"]) + 1)},
        "event_id": {"S": f"later-{event['event_id']['S']}"},
        "data": {"S": json.dumps(data)},
    }
