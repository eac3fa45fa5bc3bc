"""Defects of the projector and of the read table's writes and reads."""

from dataclasses import replace
from typing import Any, Final

from events import customer
from events.customer import Customer
from events.dynamodb_store import DynamoDbEventStore
from events.stream import read_batch
from projections import dynamodb_read_model, projector
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.dynamodb_row import key_of, present
from projections.handlers import project_customers
from projections.read_model import WriteResult
from projections.row import row_of
from queries import get_all_customers, get_customer, read_your_writes
from queries.handlers import get_all_customers as list_handler
from shared.runtime import observability
from tests.simulation.mutations.base import Change, Mutation, one

# The read table.


def _ungated(self: Any, write: Any, replaced: Any) -> Any:
    made = _update(self, write, replaced)
    head, _, _ = made["Statement"].partition(" AND version=?")
    values = made["Parameters"][: head.count("?")]
    return {"Statement": head, "Parameters": values}


def put_rows(self: Any, writes: Any) -> Any:
    """Put rows without any condition."""
    for write in writes:
        self._client.batch_write_item(RequestItems={self._table: [{"PutRequest": {"Item": _item(self, write.row)}}]})
    return [WriteResult.APPLIED] * len(writes)


def _item(model: Any, row: Any) -> Any:
    return {**key_of(row.customer_id, row.generation), **present(model._content(row))}


def _delete_erased(self: Any, writes: Any) -> Any:
    for write in writes:
        if write.row.listing is None and not write.row.parked:
            key = key_of(write.row.customer_id, write.row.generation)
            self._client.delete_item(TableName=self._table, Key=key)
    kept = [write for write in writes if write.row.listing or write.row.parked]
    done = iter(_write(self, kept))
    return [next(done) if write in kept else WriteResult.APPLIED for write in writes]


def _failed_is_applied(self: Any, writes: Any) -> Any:
    return [WriteResult.APPLIED if each is WriteResult.FAILED else each for each in _write(self, writes)]


def _always_applied(response: Any) -> WriteResult:
    return WriteResult.APPLIED if response.get("Error", {}).get("Code") in _CONFLICTS else _result(response)


def _listed_with_repeats(self: Any, generation: int, limit: int, after: str | None) -> Any:
    return _page(self, generation, limit, after and f"{after}~")


def _listed_oldest_first(self: Any, generation: int, limit: int, after: str | None) -> Any:
    return list(reversed(_page(self, generation, limit, after)))


_update, _write, _page = DynamoDbReadModel._update, DynamoDbReadModel.write, DynamoDbReadModel.page
_result, _CONFLICTS = dynamodb_read_model._result, dynamodb_read_model._CONFLICTS

READ_TABLE: Final = (
    one("rows updated without a version condition", DynamoDbReadModel, "_update", _ungated),
    one("rows put without any condition", DynamoDbReadModel, "write", put_rows),
    one("an erased row deleted instead of kept", DynamoDbReadModel, "write", _delete_erased),
    one("a failed write taken for done", DynamoDbReadModel, "write", _failed_is_applied),
    one("an outrun write taken for done", dynamodb_read_model, "_result", _always_applied),
    one("the cursor's own customer on the next page too", DynamoDbReadModel, "page", _listed_with_repeats),
    one("the list in the wrong order", DynamoDbReadModel, "page", _listed_oldest_first),
)


# The projector.


def _nothing_healed(*_: Any) -> Any:
    return iter(())


def _healed_to_the_end(self: Any, event: Any, version: int) -> Any:
    newest = self._read_events(event.customer_id)[-1]
    return _fill_gap(self, newest if newest.version > event.version else event, version)


def _not_held_back(self: Any, row: Any, events: Any, generation: int, report: Any) -> Any:
    """Apply later events as if the one that parks the customer had been applied."""
    later = [event.version for event in events if row and event.version > row.version]
    state = row.state() if row and row.parked and later else None
    if state is None:
        return _plan(self, row, events, generation, report)
    write = _plan(self, row_of(_at(state, min(later) - 1), generation), events, generation, report)
    return write and replace(write, replaces=row)


def _at(state: Any, version: int) -> Any:
    if isinstance(state, Customer):
        return state.model_copy(update={"version": version})
    return replace(state, version=version)


def _skipping(self: Any, row: Any, later: Any, report: Any) -> Any:
    """Skip strange events."""
    state = row.state() if row else None
    for event in sorted(later, key=lambda each: each.version):
        try:
            yield from _states(self, row if state is None else _row_of(state, row), [event], report)
        except Exception:  # noqa: BLE001 - the defect
            if state:
                yield _at(state, event.version)


def _row_of(state: Any, row: Any) -> Any:
    return row_of(state, row.generation if row else 1)


def _modified_too(records: Any) -> Any:
    return _read_batch([{**record, "eventName": "INSERT"} for record in records if "NewImage" in record["dynamodb"]])


def _as_created_now(event: Any, person: Any, created_at: str) -> Any:
    return _customer(event, person, event.occurred_at)


def _telling(event: Any, _began: float) -> None:
    observability.logger.info("projected", extra={"data": event.data})


def _stale_items(self: Any, customer_id: str, after_version: int) -> Any:
    pages = self._client.get_paginator("query").paginate(
        TableName=self._table,
        KeyConditionExpression="customer_id = :id AND version > :after",
        ExpressionAttributeValues={":id": {"S": customer_id}, ":after": {"N": str(after_version)}},
    )
    return (item for page in pages for item in page["Items"])


_fill_gap, _plan = projector.Projector._fill_gap, projector.Projector._plan
_states, _read_batch = projector.Projector._states, read_batch
_customer = customer._customer

PROJECTOR: Final = (
    one("a gap ignored", projector.Projector, "_fill_gap", _nothing_healed),
    one("a gap filled beyond the event that showed it", projector.Projector, "_fill_gap", _healed_to_the_end),
    one("a strange event skipped", projector.Projector, "_states", _skipping),
    one("a parked customer does not hold back later events", projector.Projector, "_plan", _not_held_back),
    one("a parked customer's erasure waits for the redrive", projector, "is_erasure", lambda _: False),
    one("erased customers stay in generations that are not fed", projector.Projector, "_clear", lambda *_: True),
    one("every trouble parks its customer", projector, "is_transient", lambda _: False),
    one("no failure reported to the mapping", project_customers, "answer", lambda *_, **__: {"batchItemFailures": []}),
    one("personal data in the log", project_customers, "trace_event", _telling),
    one("created_at of the newest event", customer, "_customer", _as_created_now),
    one(
        "changes of events taken for events", project_customers, "read_batch", _modified_too,
        "a change comes after its event's own record, and is then of a version that the row has already",
    ),
    one("eventually consistent reads of events", DynamoDbEventStore, "_items", _stale_items),
)  # fmt: skip


# Reads.


def _impatient(read_after: Any, read_model: Any, generation: int, clock: Any) -> Any:
    row = read_model.get(read_after.token.key, generation, consistent=True)
    return row or read_your_writes.wait_for(read_after, read_model, generation, clock)


def _unmerged(row: Any, listings: Any, after: Any) -> Any:
    return listings


QUERIES: Final = (
    one("a list that ignores the Consistency-Token", list_handler, "parse_read_after", lambda *_: None),
    one("a list without the row that it waited for", get_all_customers, "_with", _unmerged),
    Mutation(
        "reads that do not wait for the write they name",
        (Change(get_customer, "wait_for", _impatient), Change(get_all_customers, "wait_for", _impatient)),
    ),
)
