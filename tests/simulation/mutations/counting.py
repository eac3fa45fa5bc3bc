"""Defects of the view that counts, of its counters, and of what keeps one view apart from another."""

from dataclasses import replace
from typing import Any, Final

from projections import (
    dynamodb_count_transaction,
    dynamodb_generations,
    dynamodb_read_model,
    dynamodb_row,
)
from projections.counting import CountingView
from projections.counting_projector import CountingProjector
from projections.customers import CUSTOMERS
from projections.dynamodb_count_items import moves_of as _moves_of
from projections.dynamodb_count_items import row_item as _row_item
from projections.dynamodb_counted_rows import DynamoDbCountedRows
from projections.dynamodb_keys import key_of_generations as _key_of_generations
from projections.handlers import project_customers
from projections.live import project_all as _project_all
from projections.read_model import Write
from projections.shards import parked_key as _parked_key
from queries import get_statistics
from queries.handlers import get_statistics as statistics_handler
from tests.simulation.counting import EVERY
from tests.simulation.mutations.base import Change, Mutation, one

_wait_for_count = get_statistics.wait_for_count


# Counters.


def _inserts_twice(writes: Any, shards: int, now: str) -> Any:
    return _moves_of([*writes, *(write for write in writes if write.replaces is None)], shards, now)


def _gains_alone(writes: Any, shards: int, now: str) -> Any:
    return _moves_of([replace(write, replaces=None) for write in writes], shards, now)


def _moved_within_the_group(writes: Any, shards: int, now: str) -> Any:
    """Count a customer again who is written in the group in which they are."""
    return _moves_of([replace(each, replaces=None) if _stays(each) else each for each in writes], shards, now)


def _stays(write: Write) -> bool:
    return write.replaces is not None and write.replaces.group == write.row.group


def _erasures_do_not_count(writes: Any, shards: int, now: str) -> Any:
    return _moves_of([write for write in writes if write.row.group is not None or write.row.parked], shards, now)


def _unconditional_insert(table: str, view: Any, write: Any, content: Any) -> Any:
    item = _row_item(table, view, write, content)
    if "Put" in item:
        del item["Put"]["ConditionExpression"]
    return item


def _unconditional_update(table: str, view: Any, write: Any, content: Any) -> Any:
    item = _row_item(table, view, write, content)
    if "Update" in item:
        update = item["Update"]
        del update["ConditionExpression"]
        update["ExpressionAttributeValues"].pop(":read_version")
        update["ExpressionAttributeValues"].pop(":read_attempts")
    return item


COUNTERS: Final = (
    one("a new customer counted twice", dynamodb_count_transaction, "moves_of", _inserts_twice),
    one("a move without the loss of the old group", dynamodb_count_transaction, "moves_of", _gains_alone),
    one("a count moved by a repeat in the same group", dynamodb_count_transaction, "moves_of", _moved_within_the_group),
    one("an erased customer still counted", dynamodb_count_transaction, "moves_of", _erasures_do_not_count),
    one("a count inserted over a row", dynamodb_count_transaction, "row_item", _unconditional_insert),
    one("a count updated without a condition", dynamodb_count_transaction, "row_item", _unconditional_update),
    Mutation(
        "counters left of a removed generation",
        (
            Change(DynamoDbCountedRows, "forget", lambda *_: None),
            Change(DynamoDbCountedRows, "_counters_of", lambda *_: []),
        ),
    ),
)


# The projector of counts.


def _is_newer(self: Any, row: Any, state: Any) -> bool:
    return row.parked is None and row.version <= state.version


def _never(self: Any, event: Any) -> bool:
    return False


COUNTING: Final = (
    one("an event skipped although the group differs", CountingView, "shows", _is_newer),
    one("a count written without the fence", dynamodb_count_transaction, "fence_version", lambda _: None),
    Mutation(
        "a late older event overwrites a count",
        (
            Change(dynamodb_count_transaction, "fence_version", lambda _: None),
            Change(CountingProjector, "_is_overtaken", _never),
        ),
    ),
    one("an overtaken event tried again and again", CountingProjector, "_is_overtaken", _never),
)


# Several views.


def _until_one_fails(views: Any, records: Any, on_error: Any) -> Any:
    outcomes = []
    for view in views:
        outcomes += _project_all([view], records, on_error)
        if outcomes[-1].error:
            break
    return outcomes


def _of_all_views(view: Any) -> Any:
    return _key_of_generations(CUSTOMERS)


def _without_the_view(generation: int, shard: int, view: Any = CUSTOMERS) -> str:
    return _parked_key(generation, shard)


VIEWS: Final = (
    one("one view's failure holds up another", project_customers, "project_all", _until_one_fails),
    one("a switch of one view moves another", dynamodb_generations, "key_of_generations", _of_all_views),
    Mutation(
        "parked in one view, and listed as parked in another",
        (
            Change(dynamodb_row, "parked_key", _without_the_view),
            Change(dynamodb_read_model, "parked_key", _without_the_view),
        ),
    ),
)


# Statistics.


def _when_listed(read_after: Any, reader: Any, generation: int, customers: Any, clock: Any) -> None:
    """Wait until the customers' view has the write, and not the counts."""
    everybody: Any = _Everybody(reader)
    _wait_for_count(read_after, everybody, generation, customers, clock)


class _Everybody:
    """Calls every row right."""

    def __init__(self, reader: Any) -> None:
        self.rows = reader.rows
        self.view = self

    def shows(self, row: Any, state: Any) -> bool:
        return True


STATISTICS: Final = (
    one("statistics that ignore the Consistency-Token", statistics_handler, "parse_read_after", lambda *_: None),
    one("statistics that wait for the list alone", get_statistics, "wait_for_count", _when_listed),
)

COUNTS: Final = tuple(replace(each, every=EVERY) for each in (*COUNTERS, *COUNTING, *VIEWS, *STATISTICS))
