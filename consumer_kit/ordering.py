"""Decides what to do with an event, given what was handled for its customer before. Pure functions.

arrives:   1       3      2              2      5  CustomerErased    4
           |       |      |              |      |                    |
           handle  hold   handle, then   skip   handle immediately   skip, from now on
                          the held 3
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from consumer_kit.event import PublishedEvent

# A customer's held events are in one DynamoDB item of at most 400 KB, and the largest event has about 4 KB.
MAX_HELD: Final = 50


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


@dataclass(frozen=True, slots=True)
class CustomerState:
    """What a consumer has recorded about one customer.

    Attributes:
        customer_id: The customer's id.
        version: The version of the event handled last; 0 before the first.
        erased: Whether the customer was erased. If so, nothing more is handled.
        held: Events that wait for earlier ones, by version.
        waiting_since: When the oldest gap was found, RFC 3339; None if nothing is held.
        handled_at: When the last event was handled, RFC 3339.
        revision: How often this state was written; 0 for never.
        unknown: Attributes of the stored item that a later version of the kit added. They are stored again unchanged.
    """

    customer_id: str
    version: int = 0
    erased: bool = False
    held: Mapping[int, PublishedEvent] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    waiting_since: str | None = None
    handled_at: str | None = None
    revision: int = 0
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
    held = {} if event.erases else {version: later for version, later in state.held.items() if version > event.version}
    return replace(
        state,
        # A redacted event may be older than what was handled.
        version=max(state.version, event.version),
        erased=event.erases,
        held=held,
        waiting_since=state.waiting_since if held else None,
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
        TooManyHeld: The customer has `MAX_HELD` held events.
    """
    if event.version in state.held:
        return state
    if len(state.held) >= MAX_HELD:
        raise TooManyHeld(f"{MAX_HELD} events of customer {state.customer_id} wait for version {state.version + 1}")
    return replace(
        state,
        held={**state.held, event.version: event},
        waiting_since=state.waiting_since or now,
        revision=state.revision + 1,
    )


def next_held(state: CustomerState) -> PublishedEvent | None:
    """The held event to handle now, if there is one: the next version, or one that erases and must not wait.

    This kit never holds an event that erases, but its versions before 0.3.0 held `EventRedacted`.
    """
    erasing = (event for event in state.held.values() if event.erases)
    return next(erasing, state.held.get(state.version + 1))
