"""The rules that must never break, checked at every write of every table. DESIGN and the README call them I1 to I8."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from projections.maintenance.progress import MIN_SEGMENTS
from tests.simulation.counting import VIEW, CountRules
from tests.simulation.expressions import Item
from tests.simulation.oracle import REDACTED, Oracle, Person, claim_of, parsed
from tests.simulation.signals import Violation
from tests.simulation.tables import Change, Table, place_in_scan

# In every personal text of the simulation, and in nothing else.
MARK: Final = "Zqx"
_LOW_MARK: Final = MARK.lower()
# The number of segments of a simulated rebuild: its table is small.
SEGMENTS: Final = MIN_SEGMENTS

# The revision that a late request knows: its sender may have ended before the record changed.
NOBODY_KNOWS: Final = -1

_NO_ROW: Final = {"version": {"N": "0"}}


def require(holds: object, rule: str, what: str) -> None:
    """Raise a Violation unless a condition holds."""
    if not holds:
        raise Violation(rule, what)


class Invariants:
    """Checks every write.

    Attributes:
        oracle: The truth.
        foreign: Whether the current write is not our code's: a strange event or its repair.
        retired: Generations whose rows may be removed.
        active: The generation that queries read.
        counting: The rules of the view that counts.
        meant: What strange events should have been, by customer and version.
        struck: For each customer, the versions that were ever strange.
        rows_written: Rows checked.
    """

    def __init__(self, oracle: Oracle, tables: Mapping[str, Table]) -> None:
        self.oracle = oracle
        self.foreign = False
        self.retired: set[int] = set()
        self.active = 1
        self.meant: Mapping[str, Mapping[int, Item]] = {}
        self.struck: dict[str, set[int]] = {}
        self.rows_written = 0
        self.counting = CountRules(tables, SEGMENTS, self._is_strange)
        self._revision = 0
        self._rows = tables["read"]
        self._parked_places: dict[str, str] = {}
        self._ahead: tuple[int, ...] = ()
        self._known: int | None = None
        self._found: dict[int, dict[str, int]] = {}
        self._claims = tables["claims"]
        self._events = tables["events"]
        self._notes = tables["erasures"]
        self._erasure_log = tables["erasure-log"]

    @property
    def revision(self) -> int:
        """Grows with every change of a view's record of generations."""
        return self._revision + self.counting.revision

    @contextmanager
    def knowing(self, revision: int | None) -> Iterator[None]:
        """While this runs, the writer knows the record of generations as of a revision, or later; None for any."""
        before, self._known = self._known, revision
        try:
            yield
        finally:
            self._known = before

    def check(self, changes: Sequence[Change]) -> None:
        """Check the changes of one write."""
        owners: dict[str, None] = {}
        for change in changes:
            if change.table == "events":
                owners[change.key[0]] = None
                self._event(change)
            elif change.table == "read":
                self._row(change)
            elif change.table == "erasures":
                self._note(change)
            elif change.table == "erasure-log":
                self._logged(change)
            else:
                self._claim(change)
        if not self.foreign:
            for owner in owners:
                self._claims_of(owner)
        self.counting.check(changes, knows_record=self._knows_record)

    @property
    def _knows_record(self) -> bool:
        return self._known in (None, self.revision)

    # The event table.

    def _event(self, change: Change) -> None:
        customer_id, version = change.key
        new = change.new
        require(new, "I2", f"version {version} of {customer_id} was deleted")
        if self.foreign:
            self.struck.setdefault(customer_id, set()).add(version)
        if new and change.old is None:
            self.oracle.add(customer_id, version, new, poison=self.foreign)
            self.counting.happened(customer_id, self.meant.get(customer_id, {}).get(version, new))
        elif not self.foreign:
            self._redaction(change)

    def _redaction(self, change: Change) -> None:
        where = f"version {change.key[1]} of {change.key[0]}"
        old, new = change.old or {}, change.new or {}
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
        removed = changed <= {"data", "request_hash"} and "request_hash" not in new
        require(removed and new["data"]["S"] == REDACTED, "I2", f"{where} was changed: {sorted(changed)}")
        require(self.oracle.people[change.key[0]].erased_at, "I2", f"{where} was redacted without an erasure")

    def _note(self, change: Change) -> None:
        """An erasure counts as finished only if nothing is left and the log names the customer."""
        if change.new is None:
            self.is_forgotten(change.key[0])
            require(self._erasure_log.get(change.key), "I9", f"the log of erasures lacks {change.key[0]}")

    def _logged(self, change: Change) -> None:
        """Only ids of erased customers are in the log, and for ever."""
        where = f"the log of erasures, {change.key[0]}"
        require(change.new == {"customer_id": {"S": change.key[0]}}, "I8", f"{where}: {change.new}")
        require(self.oracle.people[change.key[0]].erased_at, "I9", f"{where} is not erased")

    def _claim(self, change: Change) -> None:
        text = repr(change.new)
        require(MARK not in text and _LOW_MARK not in text, "I8", "a claim holds an address")

    def _claims_of(self, customer_id: str) -> None:
        person = self.oracle.people[customer_id]
        if person.claim:
            held = self._claims.get((person.claim, 0))
            owner = held["customer_id"]["S"] if held else "nobody"
            require(owner == customer_id, "UNIQUE", f"the address of {customer_id} is claimed by {owner}")

    def claims_are_exact(self) -> None:
        """Every claim is the current address of some customer."""
        for (claim, _), item in self._claims.all():
            owner = item["customer_id"]["S"]
            require(self.oracle.holders.get(claim) == owner, "UNIQUE", f"a claim of {owner} was not released")

    # The read table.

    def _row(self, change: Change) -> None:
        if change.new and "parked_in" in change.new:
            self._parked_apart(change.key[0], change.new["parked_in"]["N"])
        if change.key[0].startswith("#"):
            self._generations(change)
            self._rebuilt(change)
            return
        self.rows_written += 1
        customer_id, generation = change.key
        where = f"row {customer_id} of generation {generation}"
        if change.new is None:
            require(generation in self.retired, "I4", f"the {where} was deleted")
            return
        version = int(change.new["version"]["N"])
        before = int(change.old["version"]["N"]) if change.old else 0
        require(version >= before, "I4", f"the {where} went from version {before} to {version}")
        if version == before and change.old:
            same = change.old.get("document") == change.new.get("document")
            require(same, "I4", f"the {where} changed within version {version}")
        if version > before and generation == self.active:
            self._is_not_ahead(customer_id, version)
        self._content(where, customer_id, version, change.new)
        self._parking(where, customer_id, version, change.new)

    def _parked_apart(self, key: str, place: str) -> None:
        """The parked rows of a view are in partitions of the index that no other view has."""
        view = VIEW if key.startswith("#") else "customers"
        known = self._parked_places.setdefault(place, view)
        require(known == view, "APART", f"the rows that are parked at {place} are of {known}, and {key} is there, too")

    def _is_not_ahead(self, customer_id: str, version: int) -> None:
        """A version that can be read is already in every generation that reading may move to."""
        if not self._knows_record:
            return
        for generation in self._ahead:
            row = self._rows.get((customer_id, generation)) or _NO_ROW
            stands = int(row["version"]["N"])
            where = f"{customer_id} goes to version {version} in generation {self.active}"
            require(stands >= version or "parked_in" in row, "I4", f"{where}, and stands at {stands} in {generation}")

    def _parking(self, where: str, customer_id: str, version: int, row: Item) -> None:
        """A parked row is right before a strange event: nothing that can be shown is held back."""
        if "parked_in" not in row:
            return
        self.leaves("a parked row", row["parked_reason"]["S"])
        require(int(row["parked_version"]["N"]) == version + 1, "PARKED", f"the {where} does not say which event it is")
        strange = self._is_strange(customer_id, version + 1)
        retried = row["parked_reason"]["S"].startswith("returning")
        require(strange or retried, "PARKED", f"the {where} is parked at version {version} without a reason")

    def _is_strange(self, customer_id: str, version: int) -> bool:
        return version in self.struck.get(customer_id, ())

    def _content(self, where: str, customer_id: str, version: int, row: Item) -> None:
        if version == 0:
            require("document" not in row, "I5", f"the {where} shows something at version 0")
            return
        person = self.oracle.people.get(customer_id)
        require(person and version <= person.version, "I5", f"the {where} has version {version}, which nobody wrote")
        if person:
            self._document(where, person, version, row)

    def _document(self, where: str, person: Person, version: int, row: Item) -> None:
        expected = person.documents[version - 1]
        if "document" not in row:
            require(expected is None or person.erased_at, "I5", f"the {where} shows nothing at version {version}")
            require("listing_shard" not in row, "I8", f"the {where} is listed without a document")
            require("address" not in row, "I9", f"the {where} can be found without a document")
            return
        require(expected is not None, "I5", f"the {where} shows something at version {version}")
        if expected:
            shown = parsed(row["document"]["S"])
            require(shown == expected, "I5", f"the {where} is not the fold at version {version}")
            order = f"{expected['created_at']}#{expected['id']}"
            require(row["listing_order"]["S"] == order, "PAGES", f"the {where} is listed in a wrong place")
            address = {"S": f"{row['generation']['N']}#{claim_of(expected['email'])}"}
            require(row.get("address") == address, "SEARCH", f"the {where} is found by a wrong address")

    def projected(self, records: Iterable[Item], answer: Mapping[str, Any]) -> None:
        """A customer whose erasure was projected is shown no more, even if parked, and in no generation given up."""
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for record in records:
            image = record["dynamodb"].get("NewImage", {})
            erases = record["eventName"] == "INSERT" and image.get("type") == {"S": "CustomerErased"}
            if erases and record["dynamodb"]["SequenceNumber"] not in failed:
                customer_id = image["customer_id"]["S"]
                for generation in {self.active, *self.retired}:
                    row = self._rows.get((customer_id, generation)) or {}
                    where = f"generation {generation} after their erasure was projected"
                    require("document" not in row, "I9", f"{customer_id} is in {where}")
                self.counting.erased(customer_id)

    def _generations(self, change: Change) -> None:
        """Reading may move to another generation only if nothing that was read goes back in time."""
        if change.key[0] != "#generations" or change.new is None:
            return
        record = json.loads(change.new["record"]["S"])
        if record["building"] not in self._found:
            self._found[record["building"]] = {name: each.version for name, each in self.oracle.people.items()}
        self.retired |= set(record["retired"])
        self._revision = int(change.new["revision"]["N"])
        self._ahead = tuple(each for each in (record["building"], record["previous"]) if each is not None)
        before, self.active = self.active, record["active"]
        require(self.active not in self.retired, "I4", f"generation {self.active} is read, and it was retired")
        if self.active == before:
            return
        for customer_id, items in self._rows.partitions.items():
            if before in items and not customer_id.startswith("#"):
                old, new = (int(items.get(each, _NO_ROW)["version"]["N"]) for each in (before, self.active))
                excused = "parked_in" in items.get(self.active, ()) and self._is_strange(customer_id, new + 1)
                require(
                    new >= old or excused,
                    "I4",
                    f"{customer_id} goes from {old} to {new} as generation {self.active} is read",
                )

    def _rebuilt(self, change: Change) -> None:
        """A segment that a rebuild reports as done has everything that the event table had when the rebuild began."""
        work, segment = change.key
        if not work.startswith("#rebuild-") or work.endswith("plan") or change.new is None:
            return
        generation = int(work.rpartition("-")[2])
        if not json.loads(change.new["progress"]["S"])["done"] or generation in self.retired:
            return
        for customer_id, version in self._found[generation].items():
            if place_in_scan((customer_id, 0))[0] % SEGMENTS == segment:
                row = self._rows.get((customer_id, generation))
                done = row and ("parked_in" in row or int(row["version"]["N"]) >= version)
                require(done, "I5", f"the rebuild of generation {generation} skipped {customer_id}")

    # What leaves the system.

    def leaves(self, what: str, text: str) -> None:
        """Check that a text that is not a response has no personal data."""
        if MARK in text or _LOW_MARK in text:
            raise Violation("I8", f"personal data in {what}: {text[:300]}")

    def is_redacted(self, customer_id: str) -> bool:
        """Whether a customer is erased and no event has data any more."""
        events = self._events.partitions[customer_id].values()
        return bool(self.oracle.people[customer_id].erased_at) and all(map(_is_clean, events))

    def is_being_forgotten(self, customer_id: str, at_once: int) -> None:
        """The newest events of an erased customer have no personal data, and the others only while that is noted."""
        noted = self._notes.get((customer_id, 0))
        versions = sorted(self._events.partitions[customer_id])
        self.is_forgotten(customer_id, versions[-1] - at_once if noted else 0)

    def is_forgotten(self, customer_id: str, after_version: int = 0) -> None:
        """An erased customer's events have no personal data, and no hash by which a guess could be confirmed."""
        for version, item in self._events.partitions[customer_id].items():
            require(
                _is_clean(item) or version <= after_version,
                "I9",
                f"version {version} of {customer_id} outlived their erasure",
            )

    def log_is_whole(self) -> None:
        """Check I1 and I2 once more, from the final table."""
        for customer_id, person in self.oracle.people.items():
            stored = self._events.partitions.get(customer_id, {})
            require(sorted(stored) == list(range(1, person.version + 1)), "I1", f"the events of {customer_id}")


def as_text(value: Any) -> str:
    """What a logger would write for a value."""
    return value if isinstance(value, str) else repr(value)


def _is_clean(item: Item) -> bool:
    is_redacted = item["data"]["S"] == REDACTED and "request_hash" not in item if "data" in item else False
    return item.get("type") == {"S": "CustomerErased"} or is_redacted
