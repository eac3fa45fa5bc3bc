"""Defects of the commands and of the event store."""

from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from commands import context, create_customer, erase_customer, handling, update_customer
from commands.handlers import create_customer as create_handler
from commands.handlers import erase_customer as erase_handler
from commands.handlers import update_customer as update_handler
from events import dynamodb_store
from events.claims import NO_CLAIMS, ClaimChange, move_claim
from events.codec import from_item
from events.dynamodb_store import DynamoDbEventStore
from events.history import require_folded
from events.store import VersionConflict
from shared.runtime import ids
from tests.simulation.mutations.base import Change, Mutation, one

# Commands and the event store.


def _unkeyed(request: Any, operation: str, content: str, now: Any, event_id: str) -> Any:
    made = _context_of(request, operation, content, now, event_id)
    return replace(made, metadata=replace(made.metadata, command_id=request.request_id))


def _hashless(self: Any, event: Any) -> bool:
    return bool(event.metadata.command_id == self.metadata.command_id)


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


def _traceless(command: Any, state: Any) -> Any:
    return _update(replace(command, keyed=False), state)


def _if_readable(command: Any, state: Any) -> Any:
    return _erase(command, require_folded(state))


def _kept(before: Any, after_: Any) -> ClaimChange:
    return replace(move_claim(before, after_), release=())


def _free(before: Any, after_: Any) -> ClaimChange:
    return replace(move_claim(before, after_), take=())


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
    one(
        "our own event in the way not recognised", dynamodb_store, "_require_ours", _never_ours,
        "the use case then recognises it by its command id: two lines of defence",
    ),
    one(
        "a new event id for every try of the store", DynamoDbEventStore, "_put", _fresh_id,
        "the lost answers that a try of the store can outlive are retried below it, with the same request",
    ),
    one("a lost answer taken for success", DynamoDbEventStore, "_append_alone", _lost_is_done),
    one("a cancelled transaction taken for success", dynamodb_store, "_is_ours", lambda *_: True),
    one("an event that cannot be read prevents an erasure", erase_customer, "decide", _if_readable),
    Mutation(
        "redaction forgotten",
        (
            Change(erase_customer, "decide", _undecided),
            Change(erase_customer, "finish_erasure", lambda *_: 0),
        ),
    ),
    one("an erasure that skips the oldest events", erase_customer, "finish_erasure", lambda *_: 0),
    Mutation(
        "the newest event before an erasure not redacted",
        (
            Change(erase_customer, "decide", _all_but_newest),
            Change(erase_customer, "finish_erasure", lambda *_: 0),
        ),
    ),
    Mutation(
        "redaction outside the transaction, never finished",
        (Change(DynamoDbEventStore, "append", _redact_later), Change(erase_customer, "finish_erasure", lambda *_: 0)),
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
