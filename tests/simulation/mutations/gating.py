"""Defects of the gates: what a rebuild must pass before it is read, and what operators' commands bring up to date."""

from collections import Counter
from typing import Any, Final

from operations.jobs import lost_batches
from projections import dynamodb_read_model, generations
from projections.generations import FIRST_GENERATION
from projections.handlers import rebuild_control, verify_segment
from shared.runtime.key_reads import KeysUnread
from tests.simulation.mutations.base import Change, Mutation, one


def _confirmed_anyway(event: Any) -> Any:
    """Count a generation as verified whatever its comparison has found."""
    current = rebuild_control.generations.load()
    current.must_be_building(event["generation"])
    rebuild_control.generations.save(current.confirm())
    return {"generation": event["generation"]}


def _nothing_blocks(differences: Any, *, accept_parked: bool) -> int:
    return 0


def _nobody_asked(active: int, target: int) -> None:
    return


def _all_but_newest(self: Any) -> Any:
    return tuple(number for number in range(FIRST_GENERATION, self.newest) if number not in self.fed)


def _active_alone(stack: Any, batch: Any, *, go: bool) -> Any:
    active = stack.generations.load().active
    found = stack.verifier.compare(batch.customers, active)
    repaired = (
        lost_batches._repair(stack, record, found.get(customer_id), active, go=go)
        for customer_id, record in batch.customers.items()
    )
    return Counter(repaired)


def _nobody(stack: Any, batch: Any, *, go: bool) -> Any:
    return Counter()


def _eventually(client: Any, table: str, keys: Any, sleep: Any, only: str = "") -> Any:
    """Read without `ConsistentRead`."""
    for first in range(0, len(keys), 100):
        request = {"Keys": keys[first : first + 100]}
        for _ in range(5):
            answer = client.batch_get_item(RequestItems={table: request})
            yield from answer["Responses"].get(table, [])
            request = answer.get("UnprocessedKeys", {}).get(table)
            if not request:
                break
            sleep(0.05)
        else:
            raise KeysUnread("unread")


GATES: Final = (
    Mutation(
        "a verification that blocks nothing",
        (
            Change(rebuild_control, "confirm", _confirmed_anyway),
            Change(verify_segment, "_report", _nothing_blocks),
        ),
        "the fill stops before a switch if a row is not written, so that nothing is left for the verification to find",
    ),
    one("a switch that does not ask who would go back", rebuild_control, "_check_regressions", _nobody_asked),
    one(
        "a removal that spares the newest generation",
        generations.Generations,
        "retired_or_removed",
        property(_all_but_newest),
    ),
    one("lost batches brought to the active generation alone", lost_batches, "_bring_up_to_date", _active_alone),
    one("lost batches counted as done without a look", lost_batches, "_bring_up_to_date", _nobody),
    one("rows read eventually before they are written", dynamodb_read_model, "read_keys", _eventually),
)
