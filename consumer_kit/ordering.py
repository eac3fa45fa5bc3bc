"""Decides what to do with an event, given what was handled for its customer before. Pure functions.

arrives:   1       3      2              2      5  CustomerErased    4
           |       |      |              |      |                    |
           handle  hold   handle, then   skip   handle immediately   skip, from now on
                          the held 3

The versions of an epoch count for themselves. The first event of a newer epoch finds nothing handled and nothing held,
and what an older epoch still delivers is skipped, except an erasure.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from consumer_kit.event import FIRST_EPOCH, PublishedEvent

# A customer's held events are in one DynamoDB item of at most 400 KB. A usual event has less than 1 KB, the largest
# about 4 KB.
MAX_HELD_BYTES: Final = 300_000


class GapPolicy(Enum):
    """Which of a customer's events a consumer needs."""

    EVERY = "every"
    """Every event, in version order. An event that arrives early is held until the ones before it have arrived."""
    LATEST = "latest"
    """Only the current state. Each event carries all of it, so nothing waits, and older events are skipped."""


class Action(Enum):
    """What to do with an event."""

    HANDLE = "handle"
    HOLD = "hold"
    SKIP = "skip"


class TooManyHeld(Exception):
    """The customer has as many held events as fit. The event must be delivered again."""


class CannotSkip(Exception):
    """No held event of the customer waits for this version. The message says what is missing instead."""


@dataclass(frozen=True, slots=True)
class CustomerState:
    """What a consumer has recorded about one customer.

    Attributes:
        customer_id: The customer's id.
        version: The version of the event handled last in the epoch; 0 before the first.
        erased: Whether the customer was erased. If so, nothing more is handled.
        held: Events that wait for earlier ones, by version.
        waiting_since: Since when the version after `version` is missing, RFC 3339; None if nothing is held.
        handled_at: When the last event was handled, RFC 3339.
        revision: How often this state was written; 0 for never.
        epoch: The newest epoch of which an event was handled or held.
        unknown: Attributes of the stored item that a later version of the kit added. They are stored again unchanged.
    """

    customer_id: str
    version: int = 0
    erased: bool = False
    held: Mapping[int, PublishedEvent] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    waiting_since: str | None = None
    handled_at: str | None = None
    revision: int = 0
    epoch: int = FIRST_EPOCH
    unknown: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False, repr=False)


def decide(state: CustomerState, event: PublishedEvent, policy: GapPolicy) -> Action:
    """Decide what to do with an event that has arrived.

    An erasure never waits: the events that it would wait for carry data that must be deleted anyway.

    Args:
        state: The state of the event's customer.
        event: May arrive in any order and any number of times.
        policy: Which events the consumer needs.
    """
    if state.erased:
        return Action.SKIP
    if event.erases:
        return Action.HANDLE
    if event.epoch < state.epoch:
        return Action.SKIP
    state = _in_epoch(state, event.epoch)
    if event.version <= state.version:
        return Action.SKIP
    if policy is GapPolicy.LATEST or event.version == state.version + 1:
        return Action.HANDLE
    return Action.HOLD


def after_handling(state: CustomerState, event: PublishedEvent, now: str) -> CustomerState:
    """The state after an event was handled.

    Args:
        state: The state before.
        event: An event for which `decide` returns `HANDLE`.
        now: RFC 3339.
    """
    state = _in_epoch(state, event.epoch)
    held = {} if event.erases else {version: later for version, later in state.held.items() if version > event.version}
    return replace(
        state,
        # A redacted event may be older than what was handled.
        version=max(state.version, event.version),
        erased=event.erases,
        held=held,
        # Whatever is held now waits for another version than before.
        waiting_since=now if held else None,
        handled_at=now,
        revision=state.revision + 1,
        # What a later version added may be personal data.
        unknown={} if event.erases else state.unknown,
    )


def after_holding(state: CustomerState, event: PublishedEvent, now: str) -> CustomerState:
    """The state after an early event was held; the same object if the event was held already.

    Args:
        state: The state before.
        event: An event for which `decide` returns `HOLD`.
        now: RFC 3339.

    Raises:
        TooManyHeld: With this event, the customer would have more than `MAX_HELD_BYTES` of held events.
    """
    state = _in_epoch(state, event.epoch)
    if event.version in state.held:
        return state
    held = {**state.held, event.version: event}
    if sum(map(_stored_bytes, held.values())) > MAX_HELD_BYTES:
        waiting = f"{len(state.held)} events of customer {state.customer_id}"
        raise TooManyHeld(f"{waiting} wait for version {state.version + 1}, and no more fit")
    return replace(
        state,
        held=held,
        waiting_since=state.waiting_since or now,
        revision=state.revision + 1,
    )


def after_skipping(state: CustomerState, version: int, now: str) -> CustomerState:
    """The state after an operator decided that a missing version will never arrive.

    Args:
        state: The state before.
        version: The missing version: the one after `state.version`.
        now: RFC 3339.

    Raises:
        CannotSkip: No held event waits for this version.
    """
    if not state.held:
        raise CannotSkip(f"customer {state.customer_id} has no held event, so nothing waits for version {version}")
    missing = state.version + 1
    if version != missing or version in state.held:
        what = f"version {missing} is {'held' if missing in state.held else 'missing'}"
        raise CannotSkip(f"customer {state.customer_id} does not wait for version {version}: {what}")
    return replace(state, version=version, waiting_since=now, revision=state.revision + 1)


def _stored_bytes(event: PublishedEvent) -> int:
    return len(json.dumps(asdict(event), ensure_ascii=False).encode())


def after_forgetting(state: CustomerState, epoch: int, now: str) -> CustomerState:
    """The state after a customer was forgotten who has no events in an epoch.

    The customer is not erased: the service may give the same id again, for example when a lost request is repeated.

    Args:
        state: The state before.
        epoch: An epoch whose events have all been handled.
        now: RFC 3339.
    """
    return replace(_in_epoch(state, epoch), handled_at=now, revision=state.revision + 1)


def _in_epoch(state: CustomerState, epoch: int) -> CustomerState:
    """The state as an event of an epoch finds it."""
    if epoch <= state.epoch:
        return state
    return replace(state, version=0, held={}, waiting_since=None, epoch=epoch)


def next_held(state: CustomerState) -> PublishedEvent | None:
    """The held event to handle now, if there is one: the next version, or one that erases and must not wait.

    This kit never holds an event that erases, but its versions before 0.3.0 held `EventRedacted`.
    """
    erasing = (event for event in state.held.values() if event.erases)
    return next(erasing, state.held.get(state.version + 1))
