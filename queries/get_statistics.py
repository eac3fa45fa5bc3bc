"""How many customers each group of a counting view has, such as the customers of each country."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from projections.counting import CountedRows, CountingView, GroupCount
from projections.customers import CUSTOMERS
from projections.generations import GenerationStore
from projections.read_model import Reader
from projections.row import Row
from queries.read_your_writes import Clock, ReadAfter, wait_until
from shared.http.problems import NotFound

# Everybody who may create a customer may invent a group, so an answer needs a limit. ISO 3166 has 249 countries.
MOST_GROUPS: Final = 250


@dataclass(frozen=True, slots=True)
class CountsReader:
    """What this query reads of one view.

    Attributes:
        generations: The view's record of generations.
    """

    view: CountingView
    rows: CountedRows
    generations: GenerationStore


def get_statistics(
    name: str, views: Mapping[str, CountsReader], customers: Reader, read_after: ReadAfter | None, clock: Clock
) -> str:
    """Get the counts of a view.

    Args:
        name: The view's name.
        views: The counting views by name.
        customers: The customers' view.
        read_after: A write that the counts must contain.

    Returns:
        JSON: `{"view": ..., "customers": ..., "changed_at": ..., "groups": [...], "others": {...}}`. Groups are sorted
        by the number of customers, then by name. Beyond `MOST_GROUPS` they are summed up in `others`.

    Raises:
        NotFound: There is no counting view of this name.
        NotYetReadable: The counts do not contain the write in time.
    """
    reader = views.get(name)
    if reader is None:
        raise NotFound(f"There are no statistics of this name. There are: {', '.join(views)}.")
    generation = reader.generations.load().active
    if read_after:
        wait_for_count(read_after, reader, generation, customers, clock)
    return _document(reader.view, reader.rows.groups(generation))


def wait_for_count(
    read_after: ReadAfter, reader: CountsReader, generation: int, customers: Reader, clock: Clock
) -> None:
    """Wait until a view counts a customer as they are after a write.

    A row is not written while its customer stays in the same group, so its version says nothing then. The customers'
    view has every version, and tells which group it has to be.

    Args:
        generation: Of the counting view.

    Raises:
        NotYetReadable: The view does not count the write in time.
    """
    token = read_after.token
    customers_generation = customers.generations.load().active

    def counted() -> Row | None:
        row = reader.rows.get(token.key, generation, consistent=True)
        if row is None or row.version >= token.version:
            return row
        shown = customers.rows.get(token.key, customers_generation, consistent=True)
        if shown is None or shown.version < token.version:
            return None
        state = CUSTOMERS.state_of(shown)
        return row if state and reader.view.shows(row, state) else None

    wait_until(counted, read_after.seconds, clock)


def _document(view: CountingView, counts: Sequence[GroupCount]) -> str:
    groups = sorted((each for each in counts if each.customers > 0), key=lambda each: (-each.customers, each.group))
    shown, others = groups[:MOST_GROUPS], groups[MOST_GROUPS:]
    return json.dumps(
        {
            "view": view.name,
            "customers": sum(each.customers for each in groups),
            "changed_at": max((each.changed_at for each in counts), default=None),
            "groups": [asdict(each) for each in shown],
            "others": {"groups": len(others), "customers": sum(each.customers for each in others)},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
