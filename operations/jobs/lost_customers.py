"""Brings customers of lost batches up to date in every generation of every view, many of them together.

The projector itself does most of it, as it does for a batch of the stream: it reads and writes the rows of many
customers in a few calls. Only what no event brings about is repaired one by one, such as a row that no list has.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from events.envelope import Recorded
from events.store import StoreBusy
from operations.stack import Stack
from projections.maintenance.differences import Difference, DifferenceKind
from projections.read_model import ReadModelBusy

# As many as the projector gets events from the stream at most (template.yml, ProjectCustomers, BatchSize).
CUSTOMERS_TOGETHER: Final = 100

Histories = Mapping[str, Sequence[Recorded]]
"""All events of each customer, in version order."""
_UNAVAILABLE: Final = (BotoCoreError, ClientError, ReadModelBusy, StoreBusy)


class CustomerStatus(StrEnum):
    """The state of a customer of a lost batch, from best to worst."""

    RIGHT = "right"
    PARKED = "parked"
    BEHIND = "behind"
    LEFT = "left"


Statuses = dict[str, CustomerStatus]


def bring_up_to_date(stack: Stack, histories: Histories) -> Statuses:
    """Bring at most `CUSTOMERS_TOGETHER` customers up to date in every view, the generation that is read last.

    Returns:
        Each customer's status after a comparison that follows the writes: the worst one of all views and generations.
    """
    return _worst(histories, [_brought_up_to_date(view, histories) for view in stack.every_view])


def look_at(stack: Stack, histories: Histories) -> Statuses:
    """Compare customers and change nothing.

    Returns:
        Each customer's status: the worst one of all views and generations.
    """
    return _worst(histories, [_looked_at(view, histories) for view in stack.every_view])


def together(histories: Histories) -> Iterator[Histories]:
    """Split customers into groups of at most `CUSTOMERS_TOGETHER`."""
    ids = list(histories)
    for start in range(0, len(ids), CUSTOMERS_TOGETHER):
        yield {id_: histories[id_] for id_ in ids[start : start + CUSTOMERS_TOGETHER]}


def _brought_up_to_date(stack: Stack, histories: Histories) -> Statuses:
    try:
        # Loaded after the events were read: a generation that is begun from here on is filled with them anyway.
        fed = stack.generations.load().fed
        stack.projector.project_into(chain.from_iterable(histories.values()), fed)
        left = {generation: stack.verifier.differing(histories, generation, at_once=True) for generation in fed}
    except _UNAVAILABLE:
        return dict.fromkeys(histories, CustomerStatus.LEFT)
    return _worst(histories, [_repaired(stack, generation, found) for generation, found in left.items()])


def _looked_at(stack: Stack, histories: Histories) -> Statuses:
    try:
        found = [stack.verifier.differing(histories, generation) for generation in stack.generations.load().fed]
    except _UNAVAILABLE:
        return dict.fromkeys(histories, CustomerStatus.LEFT)
    return _worst(histories, [_statuses(differences, CustomerStatus.BEHIND) for differences in found])


def _repaired(stack: Stack, generation: int, differences: Mapping[str, Difference]) -> Statuses:
    """Repair what the projector left different. Returns the statuses of those customers."""
    parked = {id_: found for id_, found in differences.items() if found.kind is DifferenceKind.PARKED}
    results = {
        id_: _repair(stack, difference, generation) for id_, difference in differences.items() if id_ not in parked
    }
    # The stream's projector may have been faster.
    uncertain = [id_ for id_, repaired in results.items() if not repaired]
    return _statuses(parked, CustomerStatus.LEFT) | _confirmed(stack, uncertain, generation)


def _repair(stack: Stack, difference: Difference, generation: int) -> bool:
    try:
        fed_before = stack.generations.load().before(generation)
        return stack.verifier.repair(difference, generation, fed_before)
    except _UNAVAILABLE:
        return False


def _confirmed(stack: Stack, customer_ids: Collection[str], generation: int) -> Statuses:
    """The statuses of those among some customers who still differ."""
    try:
        return _statuses(stack.verifier.compare(customer_ids, generation), CustomerStatus.LEFT)
    except _UNAVAILABLE:
        return dict.fromkeys(customer_ids, CustomerStatus.LEFT)


def _statuses(differences: Mapping[str, Difference], otherwise: CustomerStatus) -> Statuses:
    return {
        id_: CustomerStatus.PARKED if difference.kind is DifferenceKind.PARKED else otherwise
        for id_, difference in differences.items()
    }


def _worst(customer_ids: Collection[str], found: Sequence[Statuses]) -> Statuses:
    order = list(CustomerStatus).index
    return {
        id_: max((statuses.get(id_, CustomerStatus.RIGHT) for statuses in found), key=order) for id_ in customer_ids
    }
