"""Defects of the commands and of the event store."""

from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from commands import context, create_customer, erase_customer, handling, repeats, update_customer
from commands import finish_erasures as finishing
from commands.finish_erasures import Finish
from commands.handlers import create_customer as create_handler
from commands.handlers import erase_customer as erase_handler
from commands.handlers import finish_erasures as finish_handler
from commands.handlers import update_customer as update_handler
from events import current, dynamodb_store, recent_commands
from events.claims import NO_CLAIMS, ClaimChange, move_claim
from events.codec import from_item, recorded
from events.dynamodb_erasures import DynamoDbErasureLog
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from events.history import require_folded
from events.store import VersionConflict
from shared.runtime import ids
from tests.simulation.mutations.base import Change, Mutation, one

# Commands and the event store.


def _unkeyed(request: Any, operation: str, content: str, now: Any, event_id: str) -> Any:
    made = _context_of(request, operation, content, now, event_id)
    return replace(made, metadata=replace(made.metadata, command_id=request.request_id), by_version={})


def _hashless(self: Any, event: Any) -> bool:
    return bool(event.metadata.command_id == self.following(event.version - 1).command_id)


def _never_ours(stored: Any, event: Any) -> None:
    raise VersionConflict(event.customer_id, event.version, from_item(stored))


def _lost_is_done(self: Any, event: Any) -> bool:
    try:
        return bool(_append_alone(self, event))
    except (BotoCoreError, ClientError):
        return True


def _fresh_id(self: Any, event: Any) -> Any:
    return _put(self, replace(event, event_id=ids.new_id()))


def _redact_later(self: Any, event: Any, claims: Any = NO_CLAIMS, redact: Any = ()) -> None:
    _append(self, event, claims)
    self.redact(event.customer_id, redact)


def _undecided(command: Any, state: Any) -> Any:
    decision = _erase(command, state)
    return decision and replace(decision, redact=())


def _all_but_newest(command: Any, state: Any) -> Any:
    decision = _erase(command, state)
    return decision and replace(decision, redact=decision.redact[:-1])


def _finished_unseen(store: Any, erasures: Any, customer_id: str, in_time: Any) -> Any:
    erasures.finished(customer_id)
    return Finish(0, done=True)


def _finished_early(store: Any, erasures: Any, customer_id: str, in_time: Any) -> Any:
    finish = _finish_erasure(store, erasures, customer_id, lambda: False)
    erasures.finished(customer_id)
    return finish


def _data_only(self: Any, customer_id: str, version: int, *, in_metadata: bool = False) -> Any:
    return {**_redaction(self, customer_id, version), "UpdateExpression": "SET #data = :redacted"}


def _stale_look(self: Any, condition: str, values: Any) -> Any:
    answer = self._client.query(
        TableName=self._table,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
        Limit=1,
    )
    return recorded(answer["Items"][0]) if answer["Items"] else None


def _unchecked(store: Any, newest: Any, context: Any) -> Any:
    """Take whatever is found for ours: every command has the same fingerprint."""
    found = _earlier_attempt(store, newest, context)
    if found is None and context.keyed and newest.version > 1:
        found = store.get(newest.customer_id, newest.version - 1)
    return found if isinstance(found, Event) else None


def _beside(command_id: str, before: str, version: int) -> Any:
    return (found - 1 for found in _versions_of(command_id, before, version) if found > 1)


def _nothing_carried(store: Any, newest: Any) -> Any:
    return "----" * min(newest.version, recent_commands.MOST_REMEMBERED)


def _updated_is_created(store: Any, record: Any) -> Any:
    return record.occurred_at if isinstance(record, Event) else ""


def _traceless(command: Any, state: Any) -> Any:
    return _update(replace(command, keyed=False), state)


def _if_readable(command: Any, state: Any) -> Any:
    return _erase(command, require_folded(state))


def _kept(before: Any, after_: Any) -> ClaimChange:
    return replace(move_claim(before, after_), release=())


def _free(before: Any, after_: Any) -> ClaimChange:
    return replace(move_claim(before, after_), take=())


_finish_erasure, _redaction = finishing.finish_erasure, DynamoDbEventStore._redaction
_earlier_attempt, _versions_of = repeats.earlier_attempt, recent_commands.versions_of
_update = update_customer.decide
_context_of, _erase, _put = context.context_of, erase_customer.decide, DynamoDbEventStore._put
_append, _append_alone = DynamoDbEventStore.append, DynamoDbEventStore._append_alone
_HANDLERS: Final = create_handler, update_handler, erase_handler

COMMANDS: Final = (
    Mutation("the Idempotency-Key ignored", tuple(Change(each, "context_of", _unkeyed) for each in _HANDLERS)),
    one("the command id ignored", context.Context, "caused", lambda *_: False),
    one("the request's hash ignored", context.Context, "caused", _hashless),
    one("a keyed command that changes nothing leaves no event", update_customer, "decide", _traceless),
    one("If-Match ignored", handling, "_require_seen", lambda *_: None),
    one("any event in the way taken for ours", dynamodb_store, "_require_ours", lambda *_: None),
    one("our own event in the way not recognised", dynamodb_store, "_require_ours", _never_ours),
    one(
        "a new event id for every try of the store", DynamoDbEventStore, "_put", _fresh_id,
        "the lost answers that a try of the store can outlive are retried below it, with the same request",
    ),
    one("a lost answer taken for success", DynamoDbEventStore, "_append_alone", _lost_is_done),
    one("a cancelled transaction taken for success", dynamodb_store, "_is_ours", lambda *_: True),
    one("an event that cannot be read prevents an erasure", erase_customer, "decide", _if_readable),
    one("nothing redacted with the erasure", erase_customer, "decide", _undecided),
    one("the newest event before an erasure not redacted", erase_customer, "decide", _all_but_newest),
    one("redaction after the erasure's transaction", DynamoDbEventStore, "append", _redact_later),
    one("an erasure that is not noted", DynamoDbEventStore, "_note", lambda *_: []),
    one("an erasure finished without a look", finish_handler, "finish_erasure", _finished_unseen),
    one("an erasure finished after its first transaction", finish_handler, "finish_erasure", _finished_early),
    one("an erasure that is not logged", DynamoDbErasureLog, "add", lambda *_: None),
    one("a redaction of anyone whom the bus names", finishing, "is_erasure", lambda _: True),
    one("the hash of a request outlives its data", DynamoDbEventStore, "_redaction", _data_only),
    one("a stale look at the newest event", DynamoDbEventStore, "_one", _stale_look),
    one("a foreign look: the match of a fingerprint taken for a repeat", handling, "earlier_attempt", _unchecked),
    one("a skipped look: only the newest event is compared", repeats, "_versions", lambda *_: iter(())),
    one("a look one version beside", repeats, "versions_of", _beside),
    one("commands forgotten by the next event", handling, "commands_up_to", _nothing_carried),
    one("created_at of the event before", current, "_created_at", _updated_is_created),
    Mutation(
        "claims not released",
        (Change(update_customer, "move_claim", _kept), Change(erase_customer, "move_claim", _kept)),
    ),
    Mutation(
        "claims not taken",
        (Change(update_customer, "move_claim", _free), Change(create_customer, "move_claim", _free)),
    ),
)  # fmt: skip
