"""What a change costs after 10 and after 10,000 versions, on Amazon's DynamoDB Local, in one run.

python -m benchmarks.history_length
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from benchmarks.consumed_units import Api, CapacityMeter, total_of, without_streams
from benchmarks.units import CostCalculator, Units
from events.codec import to_item
from events.customer import Customer
from events.envelope import Event
from events.recent_commands import MOST_REMEMBERED, fingerprint
from local import tables
from local.tools import dynamodb_local
from shared.runtime.ids import new_id

SHORT: Final = 10
LONG: Final = 10_000
MOST: Final = 1.3
"""The most that a change of a long history may cost, as a multiple of one of a short history."""

_REPEATS: Final = 300
_ITEMS_A_CALL: Final = 25
_Change = Callable[[Customer], Customer]


@dataclass(frozen=True, slots=True)
class Cost:
    """The median cost of one change.

    Attributes:
        milliseconds: Wall-clock time.
        cpu_milliseconds: CPU time of this process.
        units: DynamoDB's units, by AWS's documentation.
    """

    milliseconds: float
    cpu_milliseconds: float
    units: Units


class Histories:
    """Customers with histories of a given length, and changes of them."""

    def __init__(self, endpoint: str) -> None:
        definitions = tables.from_template()
        self._names = {name: table["TableName"] for name, table in definitions.items()}
        self._keys = {
            table["TableName"]: [key["AttributeName"] for key in table["KeySchema"]] for table in definitions.values()
        }
        self._endpoint = endpoint
        self._api = Api(dynamodb_local.client(endpoint), self._names)
        self._numbers = count()

    def customer(self, versions: int) -> Customer:
        """Create a customer. Versions after the second are copies of the second, written in bulk."""
        customer = self._api.a_customer(2)
        first, second = self._api.history(customer.id)
        copies = [copy_of(second, version, first) for version in range(3, versions + 1)]
        client = dynamodb_local.client(self._endpoint)
        for start in range(0, len(copies), _ITEMS_A_CALL):
            requests: Any = [{"PutRequest": {"Item": to_item(each)}} for each in copies[start : start + _ITEMS_A_CALL]]
            client.batch_write_item(RequestItems={self._names["EventTable"]: requests})
        return customer.model_copy(update={"version": versions})

    def change(self, customer: Customer) -> Customer:
        """PUT without a key."""
        return self._api.update(customer, city=f"City {next(self._numbers)}")

    def keyed_change(self, customer: Customer) -> Customer:
        """PUT with a new Idempotency-Key."""
        return self._api.update(customer, new_id(), city=f"City {next(self._numbers)}")

    @contextmanager
    def metered(self) -> Iterator[CapacityMeter]:
        """Count the units of changes made meanwhile."""
        client, api = dynamodb_local.client(self._endpoint), self._api
        meter = CapacityMeter(client, CostCalculator(dynamodb_local.client(self._endpoint), self._keys))
        self._api = Api(client, self._names)
        try:
            yield meter
        finally:
            self._api = api


def copy_of(event: Event, version: int, first: Event) -> Event:
    """A later version that is like an event, by another command.

    Args:
        event: The update to copy.
        version: The copy's version.
        first: The customer's first event.
    """
    before = "".join(fingerprint(str(earlier)) for earlier in range(version - 1, 0, -1)[:MOST_REMEMBERED])
    return replace(
        event,
        version=version,
        event_id=new_id(),
        metadata=replace(event.metadata, command_id=new_id()),
        created_at=first.occurred_at,
        recent_commands=before,
    )


def compare(histories: Histories, change: _Change) -> tuple[Cost, Cost]:
    """The cost of a change of a short and of a long history, measured in turns."""
    customers = [histories.customer(versions) for versions in (SHORT, LONG)]
    units = []
    for customer in customers:
        with histories.metered() as meter:
            change(customer)
        units.append(total_of(call.documented for call in meter.calls).total)
    times: list[list[tuple[float, float]]] = [[], []]
    for _ in range(_REPEATS):
        for customer, found in zip(customers, times, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            change(customer)
            found.append((time.perf_counter() - wall, time.process_time() - cpu))
    short, long = (_cost(found, each) for found, each in zip(times, units, strict=True))
    return short, long


def _cost(times: list[tuple[float, float]], units: Units) -> Cost:
    wall, cpu = (statistics.median(each) * 1000 for each in zip(*times, strict=True))
    return Cost(wall, cpu, units)


def main() -> int:
    """Measure and print. Returns 1 if a long history costs more than `MOST` times a short one."""
    worst = 0.0
    print(f"{'':<22}{'versions':>10}{'ms':>8}{'CPU ms':>8}{'units':>12}{'ratios':>24}")
    with dynamodb_local.running(without_streams()) as endpoint:
        histories = Histories(endpoint)
        for name, change in (("change", histories.change), ("change with a key", histories.keyed_change)):
            short, long = compare(histories, change)
            ratios = (
                long.milliseconds / short.milliseconds,
                long.cpu_milliseconds / short.cpu_milliseconds,
                long.units.read / short.units.read,
                long.units.write / short.units.write,
            )
            worst = max(worst, *ratios)
            for versions, cost in ((SHORT, short), (LONG, long)):
                print(
                    f"{name:<22}{versions:>10}{cost.milliseconds:>8.2f}{cost.cpu_milliseconds:>8.2f}{cost.units!s:>12}"
                )
            print(f"{'':<60}{'  '.join(f'{ratio:.2f}' for ratio in ratios):>24}")
    return 1 if worst > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
