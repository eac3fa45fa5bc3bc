"""The rules of the view `countries`, checked at every write, and how many customers it must count where.

The groups come from the writes of the event table, as the oracle's documents do, and not from our own code.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from tests.simulation.expressions import Item
from tests.simulation.oracle import parsed
from tests.simulation.signals import Violation
from tests.simulation.tables import Change, Table, place_in_scan

VIEW: Final = "countries"
# A world has this view if its seed is a multiple. The others save the time.
EVERY: Final = 3
_ROWS: Final = f"#{VIEW}#"
_COUNTERS: Final = f"#{VIEW}#counts#"
_REBUILDS: Final = f"#{VIEW}#rebuild-"
_RECORD: Final = f"#generations#{VIEW}"

Group = tuple[int, str]
"""A generation and a group in it."""


class CountRules:
    """Checks every write to the items of the view.

    Attributes:
        groups: Where each customer had to be counted after each of their events; None once erased.
        active: The generation that is read.
        retired: Generations whose rows may be removed.
        revision: The revision of the view's record of generations.
        rows_written: Rows checked.
    """

    def __init__(self, tables: Mapping[str, Table], segments: int, is_strange: Callable[[str, int], bool]) -> None:
        """
        Args:
            segments: The number of segments of a rebuild.
            is_strange: Whether a customer's event of a version was ever unreadable.
        """
        self.groups: dict[str, list[str | None]] = {}
        self.active = 1
        self.retired: set[int] = set()
        self.revision = 0
        self.rows_written = 0
        self._rows = tables["read"]
        self._segments = segments
        self._is_strange = is_strange
        self._ahead: tuple[int, ...] = ()
        self._found: dict[int, dict[str, int]] = {}
        # How many customers the rows have in each group, and how many the counters say.
        self._in_rows: Counter[Group] = Counter()
        self._counted: Counter[Group] = Counter()

    def happened(self, customer_id: str, meant: Item) -> None:
        """A customer has another event.

        Args:
            meant: The event; if it cannot be read, what it should have been.
        """
        erases = meant["type"]["S"] == "CustomerErased"
        group = None if erases else _normal(parsed(meant["data"]["S"])["country"])
        self.groups.setdefault(customer_id, []).append(group)

    def check(self, changes: Iterable[Change], *, knows_record: bool) -> None:
        """Check the changes of one write.

        Args:
            knows_record: Whether the writer knows the current record of generations.
        """
        touched: dict[Group, None] = {}
        for change in changes:
            key = change.key[0]
            if key.startswith(_COUNTERS):
                touched |= dict.fromkeys(self._counter(change))
            elif key.startswith(_REBUILDS):
                self._rebuilt(change)
            elif key == _RECORD:
                self._generations(change)
            elif self._is_row(key):
                touched |= dict.fromkeys(self._row(change, knows_record=knows_record))
        for group in touched:
            rows, counted = self._in_rows[group], self._counted[group]
            where = f"generation {group[0]} counts {counted} customers in {group[1]}, and has rows of {rows}"
            _require(rows == counted or group[0] in self.retired, "COUNTS", where)

    def _counter(self, change: Change) -> Iterator[Group]:
        generation = int(change.key[0].removeprefix(_COUNTERS).partition("#")[0])
        item = change.new or change.old or {}
        group = generation, item["group"]["S"]
        old, new = (int(each["customers"]["N"]) if each else 0 for each in (change.old, change.new))
        _require(change.new is None or new > 0, "COUNTS", f"a counter of {group} has {new} customers")
        self._counted[group] += new - old
        yield group

    def _row(self, change: Change, *, knows_record: bool) -> Iterator[Group]:
        self.rows_written += 1
        customer_id, generation = change.key[0].removeprefix(_ROWS), change.key[1]
        where = f"count of {customer_id} in generation {generation}"
        for item, moved in ((change.old, -1), (change.new, 1)):
            group = _group_of(item)
            if group is not None:
                self._in_rows[generation, group] += moved
                yield generation, group
        if change.new is None:
            _require(generation in self.retired, "I4", f"the {where} was deleted")
            return
        old, new = _version_of(change.old), _version_of(change.new)
        _require(new >= old, "I4", f"the {where} went from version {old} to {new}")
        self._content(where, customer_id, change.new)
        if change.old and not _is_cleared(change.new):
            self._is_newest(where, customer_id, change.new)
        if new > old and generation == self.active and knows_record:
            self._is_not_ahead(where, customer_id, new)

    def _content(self, where: str, customer_id: str, row: Item) -> None:
        version, group = _version_of(row), _group_of(row)
        groups = self.groups.get(customer_id, [])
        _require(version <= len(groups), "I5", f"the {where} has version {version}, which nobody wrote")
        expected = groups[version - 1] if version else None
        # The events of an erased customer may be redacted, and then each of them says so.
        is_right = group == expected or (group is None and None in groups)
        _require(is_right, "I5", f"the {where} is in {group} at version {version}, not in {expected}")
        if "parked_in" in row:
            parked, returns = int(row["parked_version"]["N"]), _returns(row)
            _require(parked > version, "PARKED", f"the {where} is parked at {parked}, and at version {version}")
            _require(returns or self._is_strange(customer_id, parked), "PARKED", f"the {where} is parked for no reason")

    def _is_newest(self, where: str, customer_id: str, row: Item) -> None:
        """A row is updated from the newest event alone: a later one may have found it right."""
        waits = "parked_in" in row and not _returns(row)
        version = int(row["parked_version"]["N"]) if waits else _version_of(row)
        newest = len(self.groups[customer_id])
        _require(version == newest, "I4", f"the {where} is updated by event {version}, and {newest} is the newest")

    def _is_not_ahead(self, where: str, customer_id: str, version: int) -> None:
        """What can be read is already in every generation that reading may move to."""
        for generation in self._ahead:
            is_there = self._shows(customer_id, generation, version)
            _require(is_there, "I4", f"the {where} goes to version {version}, and not in generation {generation}")

    def _shows(self, customer_id: str, generation: int, version: int) -> bool:
        """Whether a generation counts a customer as at some event from a version on, or says that they are parked."""
        row = self._rows.get((f"{_ROWS}{customer_id}", generation))
        since = self.groups[customer_id][max(version, 1) - 1 :]
        return row is not None and ("parked_in" in row or _group_of(row) in since)

    def _generations(self, change: Change) -> None:
        """Reading may move to another generation only if no customer goes back to an earlier group."""
        if change.new is None:
            return
        record = json.loads(change.new["record"]["S"])
        if record["building"] not in self._found:
            self._found[record["building"]] = {name: len(each) for name, each in self.groups.items()}
        self.retired |= set(record["retired"])
        self.revision = int(change.new["revision"]["N"])
        self._ahead = tuple(each for each in (record["building"], record["previous"]) if each is not None)
        before, self.active = self.active, record["active"]
        _require(self.active not in self.retired, "I4", f"generation {self.active} is counted, and it was retired")
        if self.active != before:
            for customer_id, row in self.rows_of(before):
                is_kept = self._shows(customer_id, self.active, _version_of(row))
                _require(is_kept, "I4", f"{customer_id} goes back as the counts of generation {self.active} are read")

    def _rebuilt(self, change: Change) -> None:
        """A segment that a rebuild reports as done counts everybody whom the event table had when the rebuild began.

        A customer with another event since is written by the live projection.
        """
        work, segment = change.key
        if work.endswith("plan") or change.new is None:
            return
        generation = int(work.rpartition("-")[2])
        _require(generation in self._found, "APART", f"generation {generation} is built, and the record has none")
        if not json.loads(change.new["progress"]["S"])["done"] or generation in self.retired:
            return
        for customer_id, version in self._found[generation].items():
            if place_in_scan((customer_id, 0))[0] % self._segments == segment:
                done = self._shows(customer_id, generation, version) or len(self.groups[customer_id]) > version
                _require(done, "I5", f"the rebuild of the counts of generation {generation} skipped {customer_id}")

    def erased(self, customer_id: str) -> None:
        """A customer's erasure was projected: they are counted no more, even if parked, and in no generation."""
        for generation in {self.active, *self.retired}:
            row = self._rows.get((f"{_ROWS}{customer_id}", generation))
            _require(_group_of(row) is None, "I9", f"{customer_id} is counted in generation {generation} after erasure")

    # The state at a moment.

    def rows_of(self, generation: int) -> Iterator[tuple[str, Item]]:
        """The customers that a generation has rows of."""
        for key, items in self._rows.partitions.items():
            if generation in items and self._is_row(key):
                yield key.removeprefix(_ROWS), items[generation]

    def parked(self) -> set[str]:
        """The customers whom a row of the active generation calls parked."""
        return {customer_id for customer_id, row in self.rows_of(self.active) if "parked_in" in row}

    def check_rows(self, excused: set[str]) -> None:
        """I5: every customer is counted where their newest event puts them."""
        rows = dict(self.rows_of(self.active))
        for customer_id, groups in self.groups.items():
            if customer_id not in excused:
                found = _group_of(rows.get(customer_id))
                where = f"{customer_id} is counted in {found} instead of {groups[-1]}"
                _require(customer_id in rows and found == groups[-1], "I5", where)

    def counts(self) -> dict[str, int]:
        """How many customers each group of the active generation has, by the rows."""
        return dict(Counter(group for _, row in self.rows_of(self.active) if (group := _group_of(row)) is not None))

    def only_active_is_left(self) -> None:
        """Nothing is left of generations that were removed, and no counter says what one person wrote there."""
        for key, items in self._rows.partitions.items():
            if key.startswith(_COUNTERS) and items:
                generations = {int(key.removeprefix(_COUNTERS).partition("#")[0])}
            else:
                generations = set(items) if self._is_row(key) else set()
            _require(generations <= {self.active}, "GARBAGE", f"{key} is left of generations {sorted(generations)}")

    def _is_row(self, key: str) -> bool:
        return key.startswith(_ROWS) and key.removeprefix(_ROWS) in self.groups


def _require(holds: object, rule: str, what: str) -> None:
    if not holds:
        raise Violation(rule, what)


def _version_of(row: Item | None) -> int:
    return int(row["view_version"]["N"]) if row else 0


def _group_of(row: Item | None) -> str | None:
    group: Any = row.get("counted_in") if row else None
    return group["S"] if group else None


def _is_cleared(row: Item) -> bool:
    return "counted_in" not in row and "parked_in" not in row


def _returns(row: Item) -> bool:
    return bool(row["parked_reason"]["S"].startswith("returning"))


@lru_cache(maxsize=4096)
def _normal(country: str) -> str:
    return " ".join(unicodedata.normalize("NFC", country.casefold()).split())
