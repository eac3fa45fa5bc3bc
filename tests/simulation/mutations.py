"""The deliberate defects, as small changes of names in our own modules."""

from dataclasses import dataclass, replace
from typing import Any, Final

from tests.simulation import wiring  # noqa: F401, I001 - before anything that it patches
from botocore.exceptions import BotoCoreError, ClientError

from commands import context, create_customer, erase_customer, handling, update_customer
from events import dynamodb_store, history
from events.claims import ClaimChange, move_claim
from events.customer import Customer
from local.mapping import answer as mapping_answer
from local.mapping import driver, shard
from local.mapping.answer import PartialFailure, Success
from local.mapping.positions import ShardCheckpoint, after
from projections import dynamodb_read_model, generations, projector, rebuild, redrive, verify
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.handlers import project_customers
from projections.read_model import Write, Written
from queries import get_all_customers, get_customer, read_your_writes

Store = dynamodb_store.DynamoDbEventStore


@dataclass(frozen=True, slots=True)
class Change:
    """One name that gets another value."""

    owner: Any
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Mutation:
    """A defect.

    Attributes:
        name: What is wrong, in a few words.
        changes: How it is made.
        equivalent: Why nobody can notice it, for one that another line of defence makes harmless.
    """

    name: str
    changes: tuple[Change, ...]
    equivalent: str = ""


def _one(name: str, owner: Any, attribute: str, value: Any, equivalent: str = "") -> Mutation:
    return Mutation(name, (Change(owner, attribute, value),), equivalent)


# The read table.


def _ungated(self: Any, write: Any, replaced: Any) -> Any:
    made = _update(self, write, replaced)
    head, _, _ = made["Statement"].partition(" AND version=?")
    values = made["Parameters"][: head.count("?")]
    return {"Statement": head, "Parameters": values}


def _put_rows(self: Any, writes: Any) -> Any:
    """Rows put as they are, without any condition."""
    for write in writes:
        self._client.batch_write_item(RequestItems={self._table: [{"PutRequest": {"Item": _item(write.row)}}]})
    return [Written.APPLIED] * len(writes)


def _item(row: Any) -> Any:
    content = dynamodb_read_model._content(row)
    return {**dynamodb_read_model._key(row.customer_id, row.generation), **dynamodb_read_model._present(content)}


def _delete_erased(self: Any, writes: Any) -> Any:
    for write in writes:
        if write.row.listing is None and not write.row.parked:
            key = dynamodb_read_model._key(write.row.customer_id, write.row.generation)
            self._client.delete_item(TableName=self._table, Key=key)
    kept = [write for write in writes if write.row.listing or write.row.parked]
    done = iter(_write(self, kept))
    return [next(done) if write in kept else Written.APPLIED for write in writes]


def _failed_is_applied(self: Any, writes: Any) -> Any:
    return [Written.APPLIED if each is Written.FAILED else each for each in _write(self, writes)]


def _always_applied(response: Any) -> Written:
    return Written.APPLIED if response.get("Error", {}).get("Code") in _RACES else _outcome(response)


def _listed_with_repeats(self: Any, generation: int, limit: int, after: str | None) -> Any:
    return _page(self, generation, limit, after and f"{after}~")


def _listed_oldest_first(self: Any, generation: int, limit: int, after: str | None) -> Any:
    return list(reversed(_page(self, generation, limit, after)))


_update, _write, _page = DynamoDbReadModel._update, DynamoDbReadModel.write, DynamoDbReadModel.page
_outcome, _RACES = dynamodb_read_model._outcome, dynamodb_read_model._RACES

READ_TABLE: Final = (
    _one("rows updated without a version condition", DynamoDbReadModel, "_update", _ungated),
    _one("rows put without any condition", DynamoDbReadModel, "write", _put_rows),
    _one("an erased row deleted instead of kept", DynamoDbReadModel, "write", _delete_erased),
    _one("a failed write taken for done", DynamoDbReadModel, "write", _failed_is_applied),
    _one("an outrun write taken for done", dynamodb_read_model, "_outcome", _always_applied),
    _one("the cursor's own customer on the next page too", DynamoDbReadModel, "page", _listed_with_repeats),
    _one("the list in the wrong order", DynamoDbReadModel, "page", _listed_oldest_first),
)


# The projector.


def _nothing_healed(*_: Any) -> Any:
    return iter(())


def _skipping(self: Any, row: Any, later: Any, report: Any) -> Any:
    """Strange events are passed over."""
    state = row.state() if row else None
    for event in sorted(later, key=lambda each: each.version):
        try:
            yield from _states(self, row if state is None else _row_of(state, row), [event], report)
        except Exception:  # noqa: BLE001, PERF203 - the defect
            if state:
                yield replace(state, version=event.version) if not isinstance(state, Customer) else state.model_copy(
                    update={"version": event.version}
                )


def _row_of(state: Any, row: Any) -> Any:
    return projector.row_of(state, row.generation if row else 1)


def _modified_too(records: Any) -> Any:
    return _read_batch([{**record, "eventName": "INSERT"} for record in records if "NewImage" in record["dynamodb"]])


def _as_created_now(event: Any, person: Any, created_at: str) -> Any:  # noqa: ARG001 - the defect
    return _customer(event, person, event.occurred_at)


def _telling(event: Any) -> None:
    project_customers.logger.info("projected", extra={"data": event.data})


def _stale_items(self: Any, customer_id: str, after_version: int) -> Any:
    pages = self._client.get_paginator("query").paginate(
        TableName=self._table,
        KeyConditionExpression="customer_id = :id AND version > :after",
        ExpressionAttributeValues={":id": {"S": customer_id}, ":after": {"N": str(after_version)}},
    )
    return (item for page in pages for item in page["Items"])


_states, _read_batch = projector.Projector._states, project_customers.read_batch
_customer = __import__("events.customer", fromlist=["_customer"])._customer

PROJECTOR: Final = (
    _one("a gap passed over", projector.Projector, "_healed", _nothing_healed),
    _one("a strange event passed over", projector.Projector, "_states", _skipping),
    _one("every trouble parks its customer", projector, "is_curable", lambda _: False),
    _one("no failure told to the mapping", project_customers, "answer", lambda *_, **__: {"batchItemFailures": []}),
    _one("personal data in the log", project_customers, "follow", _telling),
    _one("created_at of the newest event", __import__("events.customer", fromlist=["x"]), "_customer", _as_created_now),
    _one(
        "changes of events taken for events", project_customers, "read_batch", _modified_too,
        "a change comes after its event's own record, and is then of a version that the row has already",
    ),
    _one("eventually consistent reads of events", Store, "_items", _stale_items),
)  # fmt: skip


# Commands and the event store.


def _unkeyed(request: Any, operation: str, content: str, now: Any, event_id: str) -> Any:
    made = _context_of(request, operation, content, now, event_id)
    return replace(made, metadata=replace(made.metadata, command_id=request.request_id))


def _hashless(self: Any, event: Any) -> bool:
    return bool(event.metadata.command_id == self.metadata.command_id)


def _never_ours(stored: Any, event: Any) -> None:
    raise dynamodb_store.VersionConflict(event.customer_id, event.version, dynamodb_store.from_item(stored))


def _lost_is_done(self: Any, event: Any) -> bool:
    try:
        return bool(_append_alone(self, event))
    except (BotoCoreError, ClientError):
        return True


def _fresh_id(self: Any, event: Any) -> Any:
    return _put(self, replace(event, event_id=project_customers_id()))


def project_customers_id() -> str:
    """A new id."""
    return wiring._new_id()


def _redact_later(self: Any, events: Any, expected_version: int, claims: Any = ClaimChange(), redact: Any = ()) -> None:
    _append(self, events, expected_version, claims)
    self.redact(events[0].customer_id, redact)


def _undecided(state: Any) -> Any:
    decision = _erase(state)
    return decision and replace(decision, redact=())


def _kept(before: Any, after_: Any) -> ClaimChange:
    return replace(move_claim(before, after_), release=())


def _free(before: Any, after_: Any) -> ClaimChange:
    return replace(move_claim(before, after_), take=())


_context_of, _erase, _put = context.context_of, erase_customer.decide, Store._put
_append, _append_alone = Store.append, Store._append_alone
_HANDLERS: Final = wiring.create_customer, wiring.update_customer, wiring.erase_customer

COMMANDS: Final = (
    Mutation("the Idempotency-Key ignored", tuple(Change(each, "context_of", _unkeyed) for each in _HANDLERS)),
    _one("the command id ignored", context.Context, "caused", lambda *_: False),
    _one("the request's hash ignored", context.Context, "caused", _hashless),
    _one("If-Match ignored", handling, "_require_seen", lambda *_: None),
    _one("any event in the way taken for ours", dynamodb_store, "_unless_ours", lambda *_: None),
    _one(
        "our own event in the way not recognised", dynamodb_store, "_unless_ours", _never_ours,
        "the use case then recognises it by its command id: two lines of defence",
    ),
    _one(
        "a new event id for every try of the store", Store, "_put", _fresh_id,
        "the lost answers that a try of the store can outlive are retried below it, with the same request",
    ),
    _one("a lost answer taken for success", Store, "_append_alone", _lost_is_done),
    _one("a cancelled transaction taken for success", dynamodb_store, "_explained", lambda *_: True),
    Mutation(
        "redaction forgotten",
        (
            Change(erase_customer, "decide", _undecided),
            Change(erase_customer, "finish_erasure", lambda *_: 0),
        ),
    ),
    Mutation(
        "redaction outside the transaction, never finished",
        (Change(Store, "append", _redact_later), Change(erase_customer, "finish_erasure", lambda *_: 0)),
    ),
    Mutation(
        "claims not released",
        (Change(update_customer, "move_claim", _kept), Change(erase_customer, "move_claim", _kept)),
    ),
    Mutation(
        "claims not taken",
        (Change(update_customer, "move_claim", _free), Change(create_customer, "move_claim", _free)),
    ),
)  # fmt: skip


# Reads.


def _impatient(patience: Any, read_model: Any, generation: int, clock: Any) -> Any:
    row = read_model.get(patience.token.key, generation, consistent=True)
    return row or read_your_writes.wait_for(patience, read_model, generation, clock)


QUERIES: Final = (
    Mutation(
        "reads that do not wait for the write they name",
        (Change(get_customer, "wait_for", _impatient), Change(get_all_customers, "wait_for", _impatient)),
    ),
)


# The event source mapping.


def _as_text(failures: Any, batch: Any) -> Any:
    verdict = _of_failures(failures, batch)
    if not isinstance(verdict, PartialFailure):
        return verdict
    return PartialFailure(min(item["itemIdentifier"] for item in failures))


def _saved_first(self: Any, batch: Any) -> None:
    last = after(batch.records[-1].sequence_number)
    try:
        self._ports.checkpoints.save(batch.shard_id, ShardCheckpoint(last))
    except OSError:
        return
    _invoke(self, batch)


def _one_too_many(self: Any, work: Any, done: Any) -> None:
    _split(self, work, work.records[: len(done) + 1] if len(work.records) > len(done) + 1 else done)


_of_failures, _invoke = mapping_answer._of_failures, driver.ShardDriver._invoke
_split = shard.ShardMachine._split

MAPPING: Final = (
    _one("every answer taken for success", shard, "interpret", lambda *_, **__: Success()),
    _one("sequence numbers compared as text", mapping_answer, "_of_failures", _as_text),
    _one("the checkpoint saved before the invoke", driver.ShardDriver, "_invoke", _saved_first),
    _one("the first failed record taken for done", shard.ShardMachine, "_split", _one_too_many),
)


# Generations, rebuild, redrive.


def _naive(self: Any, records: Any, generation: int) -> int:
    """Fold the page's events and put the rows."""
    found: dict[str, Any] = {}
    for record in records:
        try:
            found[record.customer_id] = history.fold([projector.readable(record)], found.get(record.customer_id))
        except Exception:  # noqa: BLE001, PERF203 - the defect
            continue
    rows = [projector.row_of(state, generation) for state in found.values() if state]
    _put_rows(self._projector._read_model, [Write(row, None) for row in rows])
    return 0


def _saved_before(self: Any, generation: int, at: Any, total_segments: int) -> Any:
    page = self._store.read_page(at.segment, total_segments, at.position, rebuild.PAGE)
    reached = replace(at, position=page.next, done=page.next is None)
    self._progress.save(rebuild.work_of(generation), reached)
    self._write(page.records, generation)
    return reached


def _first_page_only(self: Any, generation: int, at: Any, total_segments: int) -> Any:
    return replace(_step(self, generation, at, total_segments), done=True)


def _blind(self: Any, generation: int, at: Any, total_segments: int) -> Any:  # noqa: ARG001 - the defect
    return replace(at, done=True), []


def _at_once(self: Any, now: Any) -> Any:
    return replace(self, active=self.building, previous=self.active, building=None, changed_at=generations.timestamp(now))


def _confirmed(self: Any) -> Any:
    return replace(self, building=self.newest + 1, newest=self.newest + 1, verified=True)


def _returned(self: Any, row: Any, parked: Any, right: Any) -> Any:
    """One write, and whatever waited is forgotten."""
    if self._read_model.write([Write(right, row)]) != [Written.APPLIED]:
        return redrive.Redriven(row.customer_id, redrive.Outcome.TRY_AGAIN, parked, row.version)
    return redrive.Redriven(row.customer_id, redrive.Outcome.RETURNED, parked, right.version)


def _half_returned(self: Any, returning: Any, right: Any) -> bool:  # noqa: ARG001 - the defect
    return True


def _active_only(self: Any) -> tuple[int, ...]:
    return (self.active,)


def _active_first(self: Any) -> tuple[int, ...]:
    return tuple(number for number in (self.active, self.previous, self.building) if number is not None)


_step = rebuild.Rebuild.step
_Generations = generations.Generations

OPERATIONS: Final = (
    _one("a rebuild that folds pages and puts rows", rebuild.Rebuild, "_write", _naive),
    _one("a rebuild's checkpoint saved before its rows", rebuild.Rebuild, "step", _saved_before),
    Mutation(
        "a switch before the rebuild",
        (Change(_Generations, "start_rebuild", _confirmed), Change(_Generations, "switch", _at_once)),
    ),
    Mutation(
        "a rebuild of one page, and a blind verification",
        (Change(rebuild.Rebuild, "step", _first_page_only), Change(verify.Verifier, "step", _blind)),
    ),
    _one("only the active generation fed", _Generations, "fed", property(_active_only)),
    _one("the active generation fed first", _Generations, "fed", property(_active_first)),
    _one("a redrive of one write", redrive.Redrive, "_return", _returned),
    _one("a redrive that leaves the mark", redrive.Redrive, "_catch_up", _half_returned),
)

MUTATIONS: Final = (*READ_TABLE, *PROJECTOR, *COMMANDS, *QUERIES, *MAPPING, *OPERATIONS)
