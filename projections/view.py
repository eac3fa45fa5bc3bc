"""A view: what the rows of one projection are made of, and how they are read back.

Every view has its own rows, record of generations, checkpoints and parked customers in the one read table. So each is
rebuilt, verified, switched and rolled back alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from events.customer import State
from events.envelope import Recorded
from events.history import states
from projections.row import Row

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class View:
    """One projection of the events.

    Attributes:
        name: Names the view in keys, metrics and commands. It never changes.
        number: Names the view where a key has to be a number, from 0; see `projections.shards.parked_key`. It never
            changes, and no two views have the same.
        row_of: Returns the row that shows a state in a generation.
        state_of: Returns the state that a row shows; None if it shows none or cannot be read back. Then the state is
            folded from the events.

    Raises:
        ValueError: The name has other characters than lower-case letters, digits and hyphens, or more than 31.
    """

    name: str
    number: int
    row_of: Callable[[State, int], Row]
    state_of: Callable[[Row], State | None]

    follows_every_event: ClassVar[bool] = True
    """Whether a row always gets the version of its customer's newest event. If not, it keeps an older one while nothing
    in it changes."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a view's name has 1 to 31 lower-case letters, digits and hyphens, not {self.name!r}")

    @property
    def has_plain_keys(self) -> bool:
        """Whether the keys of its items have no name of a view in them. The first view had them before there were
        others, and releases that know of no other view must not find theirs.
        """
        return self.number == 0

    def states(self, records: Iterable[Recorded]) -> Iterator[State]:
        """Yield the states that a customer's history leads to, in version order. The last one is what a row must show.

        Args:
            records: All records of one customer, in version order.

        Raises:
            Exception: An event cannot be projected. The states before it were yielded.
        """
        return states(records)

    def final(self, records: Iterable[Recorded]) -> State | None:
        """Return the state that a row must show; None if there are no events.

        Args:
            records: As for `states`.

        Raises:
            Exception: An event cannot be projected.
        """
        last = None
        for state in self.states(records):
            last = state
        return last

    def shows(self, row: Row, state: State) -> bool:
        """Whether a row shows a state, and its customer is not parked."""
        return row == self.row_of(state, row.generation)
