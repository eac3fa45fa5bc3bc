"""Finds the customers for whom a switch to another generation would show older data than now.

The active generation is fed last, so every other fed generation is at least as new. The exception is a customer who is
parked in the other generation only: there they stop, while the active generation moves on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from projections.generations import WrongStep
from projections.read_model import RowStore
from projections.row import Row

_CUSTOMERS_PER_READ: Final = 100
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Regression:
    """A customer whose visible version would go down.

    Attributes:
        current_version: The version that readers see now.
        target_version: The version that readers would see after the switch.
    """

    customer_id: str
    current_version: int
    target_version: int


class WouldRegress(WrongStep):
    """The switch would show older data. The message names the customers and the fix.

    Attributes:
        regressions: All of them.
    """

    def __init__(self, regressions: list[Regression], target: int) -> None:
        named = ", ".join(regression.customer_id for regression in regressions[:_NAMED])
        more = f" and {len(regressions) - _NAMED} more" if len(regressions) > _NAMED else ""
        super().__init__(
            f"Nothing was switched, because generation {target} has an older version of {len(regressions)} parked "
            f"customer(s): {named}{more}. Fix the cause and run 'redrive --go' first."
        )
        self.regressions = regressions


def check_regressions(read_model: RowStore, active: int, target: int) -> None:
    """Check that no reader would see older data after a switch from one generation to another.

    Raises:
        WouldRegress: Some readers would.
    """
    regressions = list(_regressions(read_model, active, target))
    if regressions:
        raise WouldRegress(regressions, target)


def _regressions(read_model: RowStore, active: int, target: int) -> Iterator[Regression]:
    parked = (row.customer_id for row in read_model.parked(target))
    while ids := list(islice(parked, _CUSTOMERS_PER_READ)):
        # In this order: what the active generation shows is already in the target, unless the customer is parked there.
        current_rows, target_rows = read_model.get_many(ids, active), read_model.get_many(ids, target)
        for customer_id in ids:
            current, after = current_rows.get(customer_id), target_rows.get(customer_id)
            if current and _shows_less(after, current):
                yield Regression(customer_id, current.version, after.version if after else 0)


def _shows_less(after: Row | None, current: Row) -> bool:
    """Whether a row shows an older state. Rows that count a customer in the same group show the same."""
    if after is None or after.version >= current.version:
        return after is None and current.version > 0
    return current.group is None or after.group != current.group
