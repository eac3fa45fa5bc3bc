"""Finds the customers whom a switch to another generation would show older than they are shown now.

The projector feeds the generation that is read last, so that moving to any other one shows nothing older: except for a
customer who is parked in that other one alone, and stands still there while the one that is read goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from projections.generations import WrongStep
from projections.read_model import ReadModel

_AT_ONCE: Final = 100
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Regression:
    """A customer who would go back in time.

    Attributes:
        customer_id: Whose row.
        shown: The version that is read now.
        then: The version that would be read after the switch.
    """

    customer_id: str
    shown: int
    then: int


class WouldGoBack(WrongStep):
    """Readers would see something older; the text names the customers and says what to do.

    Attributes:
        regressions: All of them.
    """

    def __init__(self, regressions: list[Regression], to: int) -> None:
        named = ", ".join(each.customer_id for each in regressions[:_NAMED])
        more = f" and {len(regressions) - _NAMED} more" if len(regressions) > _NAMED else ""
        super().__init__(
            f"Generation {to} shows {len(regressions)} parked customer(s) as they were before what is read now: "
            f"{named}{more}. Nothing was switched: mend the cause and redrive them first."
        )
        self.regressions = regressions


def refuse_to_go_back(read_model: ReadModel, shown: int, to: int) -> None:
    """Refuse a switch after which anybody would read something older.

    Args:
        read_model: The rows.
        shown: The generation that is read.
        to: The one that is to be read.

    Raises:
        WouldGoBack: Somebody would.
    """
    found = list(_regressions(read_model, shown, to))
    if found:
        raise WouldGoBack(found, to)


def _regressions(read_model: ReadModel, shown: int, to: int) -> Iterator[Regression]:
    parked = (row.customer_id for row in read_model.parked(to))
    while ids := list(islice(parked, _AT_ONCE)):
        # In this order: what is shown now stands in the other generation already, unless the customer is parked there.
        before, after = read_model.current(ids, shown), read_model.current(ids, to)
        for customer_id in ids:
            versions = [rows[customer_id].version if customer_id in rows else 0 for rows in (before, after)]
            if versions[1] < versions[0]:
                yield Regression(customer_id, *versions)
