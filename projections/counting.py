"""Views that count customers by group, such as the customers of each country.

A row of such a view says in which group a customer is counted. Row and counters change in one transaction, so a count
moves once for each move of a customer, however often events are repeated and in whatever order they come.

Each event carries the whole person, so a row needs the newest event alone. One that leaves the customer in the same
group is not written, and the row keeps its older version; see decision 0060 for why nothing is lost.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol, runtime_checkable

from events.current import state_of_event
from events.customer import Customer, Erased, State
from events.envelope import Event, Recorded
from events.history import is_erasure
from projections.read_model import RowStore
from projections.row import Row
from projections.view import View

GroupOf = Callable[[Customer], str]


@dataclass(frozen=True, slots=True)
class CountingView(View):
    """A view that counts customers by group.

    Attributes:
        group_name: What a group is, in the singular, as the name of a JSON field.
    """

    group_name: str

    follows_every_event: ClassVar[bool] = False

    def states(self, records: Iterable[Recorded]) -> Iterator[State]:
        """See `View.states`. There is one: of the newest event."""
        history = list(records)
        if not history:
            return
        newest = history[-1]
        if any(map(is_erasure, history)):
            yield Erased(newest.customer_id, newest.version)
        else:
            yield state_of_event(newest, _created_at(newest, history[0]))

    def shows(self, row: Row, state: State) -> bool:
        """See `View.shows`. A row of an older version shows a state if the customer's group is the same in it."""
        is_possible = row.parked is None and row.version <= state.version
        return is_possible and row.group == self.row_of(state, row.generation).group


def counting_view(name: str, number: int, group_name: str, group_of: GroupOf) -> CountingView:
    """Return a view that counts customers.

    Args:
        name: See `View`.
        number: See `View`.
        group_name: See `CountingView`.
        group_of: Returns the group of a customer: a text that is shown to readers. A change of what it returns needs a
            rebuild of the view.
    """
    return CountingView(name, number, partial(_row_of, group_of), _unknown_state, group_name)


def _row_of(group_of: GroupOf, state: State, generation: int) -> Row:
    group = group_of(state) if isinstance(state, Customer) else None
    return Row(state.id, generation, state.version, listing=None, group=group)


def _unknown_state(_: Row) -> State | None:
    """A row has the group only, and no state can be read back from that."""
    return None


def _created_at(newest: Recorded, first: Recorded) -> str:
    created_at = newest.created_at if isinstance(newest, Event) else ""
    return created_at or (first.occurred_at if isinstance(first, Event) and first.version == 1 else "")


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many customers a group has.

    Attributes:
        customers: From 1. A group without customers is not stored.
        changed_at: When the count changed last: the time of an event, RFC 3339, UTC, 27 characters. After a rebuild it
            may be the time of a later event of a customer in the group.
    """

    group: str
    customers: int
    changed_at: str


@runtime_checkable
class Counts(Protocol):
    """The counts of a view."""

    def groups(self, generation: int) -> Sequence[GroupCount]:
        """Return the groups of a generation, read consistently, in no particular order."""
        ...


@runtime_checkable
class CountedRows(RowStore, Counts, Protocol):
    """The rows of a view that counts customers, and the counts."""
