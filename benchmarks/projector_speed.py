"""Measures how many events of the stream the projector takes a second.

    python -m benchmarks.projector_speed
    PYTHONPATH=../other python benchmarks/projector_speed.py    # the code of another checkout

Batches of events are projected into Amazon's DynamoDB Local. The processor time of this process is what a function on
AWS takes too; the time on the clock includes the simulator, which is slower than DynamoDB. Compare two checkouts by
running them in turn, several times, on a machine that does nothing else.
"""

import argparse
import time
import uuid
from collections.abc import Sequence
from typing import Final

from events.codec import encode
from events.customer import CustomerCreated, CustomerEvent, CustomerUpdated
from events.envelope import Event, Metadata
from local import tables
from local.tools import dynamodb_local
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.projector import Projector
from shared.runtime.clock import timestamp, utc_now

BATCH: Final = 100
_METADATA: Final = Metadata(correlation_id="benchmark", causation_id="b", actor="benchmark", command_id="benchmark")
_PERSON: Final = {
    "full_name": "Ada Lovelace",
    "birth": "1990-05-17",
    "city": "London",
    "country": "United Kingdom",
}


def batches(count: int) -> dict[str, list[list[Event]]]:
    """Return the batches of each kind of event, for the same customers.

    Args:
        count: Batches of each kind.
    """
    ids = [[str(uuid.uuid4()) for _ in range(BATCH)] for _ in range(count)]
    steps: dict[str, tuple[type[CustomerEvent], int, dict[str, str]]] = {
        "create": (CustomerCreated, 1, {}),
        "update that keeps the address": (CustomerUpdated, 2, {"city": "Paris"}),
        "update of the address": (CustomerUpdated, 3, {"city": "Paris", "email": "{id}@example.org"}),
    }
    return {
        name: [[_event(kind, customer_id, version, changes) for customer_id in batch] for batch in ids]
        for name, (kind, version, changes) in steps.items()
    }


def _event(kind: type[CustomerEvent], customer_id: str, version: int, changes: dict[str, str]) -> Event:
    fields = {**_PERSON, "email": "{id}@example.com", **changes}
    data = kind.model_validate({name: value.format(id=customer_id) for name, value in fields.items()})
    return encode(
        data,
        customer_id=customer_id,
        version=version,
        event_id=str(uuid.uuid4()),
        occurred_at=timestamp(utc_now()),
        metadata=_METADATA,
    )


def measure(projector: Projector, projected: Sequence[Sequence[Event]]) -> tuple[float, float]:
    """Project batches.

    Returns:
        The microseconds that one event takes: of the processor, and on the clock.
    """
    events = sum(map(len, projected))
    processor, clock = time.process_time(), time.perf_counter()
    for batch in projected:
        if projector.project(batch, 1).failed:
            raise RuntimeError("some events were not projected")
    return (time.process_time() - processor) / events * 1e6, (time.perf_counter() - clock) / events * 1e6


def main() -> None:
    """Measure each kind of event and print the results."""
    parser = argparse.ArgumentParser("python -m benchmarks.projector_speed", description="Measure the projector.")
    parser.add_argument("--batches", type=int, default=20, help="batches of 100 events of each kind (default: 20)")
    options = parser.parse_args()
    definitions = list(tables.from_template().values())
    for table in definitions:
        # Without streams the simulator handles ten times as many writes.
        table.pop("StreamSpecification", None)
    name = tables.from_template()["ReadTable"]["TableName"]
    with dynamodb_local.running(definitions) as endpoint:
        projector = Projector(DynamoDbReadModel(dynamodb_local.client(endpoint), name), lambda _: [])
        measure(projector, batches(2)["create"])
        for kind, projected in batches(options.batches).items():
            processor, clock = measure(projector, projected)
            print(f"{kind:<32}{processor:>8.1f} us of the processor{clock:>8.1f} us on the clock")


if __name__ == "__main__":
    main()
