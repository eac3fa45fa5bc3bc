"""Compares the counters of a generation with its rows.

Row and counters move in one transaction, so they differ only if something else wrote to the table, or a defect did. The
rows are read over a while and their counts move meanwhile, so only counters that stayed as they were are compared.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from projections.counting import CountedRows, GroupCount
from projections.maintenance.differences import Difference, DifferenceKind

_LOOKS: Final = 3
_FIRST_PAUSE_SECONDS: Final = 0.25
_FINGERPRINT_DIGITS: Final = 16


def find_miscounts(rows: CountedRows, generation: int, pause: Callable[[float], None]) -> list[Difference]:
    """Find the counters that differ from their rows in repeated looks with pauses.

    Args:
        pause: Sleeps for a number of seconds.

    Returns:
        A difference of kind `MISCOUNTED` for each group. Groups whose count moved at every look are left out.
    """
    found = _look(rows, generation)
    for attempt in range(_LOOKS - 1):
        if not found:
            break
        pause(_FIRST_PAUSE_SECONDS * 2**attempt)
        again = _look(rows, generation)
        found = {group: difference for group, difference in again.items() if group in found}
    return list(found.values())


def _look(rows: CountedRows, generation: int) -> dict[str, Difference]:
    before = {each.group: each for each in rows.groups(generation)}
    counted = _count(rows, generation)
    after = {each.group: each for each in rows.groups(generation)}
    unmoved = {
        group for group in counted.keys() | before.keys() | after.keys() if before.get(group) == after.get(group)
    }
    differing = {
        group: _customers(after, group) for group in sorted(unmoved) if _customers(after, group) != counted[group]
    }
    return {
        group: Difference(_fingerprint(group), DifferenceKind.MISCOUNTED, counted[group], customers)
        for group, customers in differing.items()
    }


def _count(rows: CountedRows, generation: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    start: Mapping[str, str] | None = None
    while True:
        page = rows.rows(generation, 0, 1, start)
        counted.update(row.group for row in page.rows if row.group is not None)
        start = page.next
        if start is None:
            return counted


def _customers(groups: Mapping[str, GroupCount], group: str) -> int:
    return groups[group].customers if group in groups else 0


def _fingerprint(group: str) -> str:
    return f"group {hashlib.sha256(group.encode()).hexdigest()[:_FINGERPRINT_DIGITS]}"
