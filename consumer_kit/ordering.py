"""What to do with an event, given what was handled of its customer before: pure decisions.

arrives:   1      3      2            2      5  CustomerErased   4
           |      |      |            |      |                   |
           handle hold   handle, then skip   handle at once      skip, for ever
                         3 from the hold
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from consumer_kit.event import PublishedEvent

# A customer's held events stand in one DynamoDB item, which takes 400 KB; the largest of them has about 4.
MAX_HELD: Final = 50


class GapPolicy(Enum):
    """What a consumer wants of a customer's events."""

    EVERY = "every"
    """Each of them, in version order. One that comes early is held until those before it are there."""
    LATEST = "latest"
    """The current state alone. Events carry all of it, so nothing is ever waited for, and older ones are skipped."""


class Action(Enum):
    """What to do with an event now."""

    HANDLE = "handle"
    HOLD = "hold"
    SKIP = "skip"


class TooManyHeld(Exception):
    """So many events of a customer wait that no more can be held; this one must come again."""


@dataclass(frozen=True, slots=True)
class CustomerState:
    """What a consumer knows of one customer.

    Attributes:
        customer_id: Whose.
        version: Of the event handled last; 0 before the first.
        erased: Whether the customer was erased; from then on nothing is handled.
        held: Events that wait for the ones before them, by version.
        waiting_since: When the oldest gap was met, RFC 3339; None when nothing is held.
        handled_at: When the last event was handled, RFC 3339.
        revision: How often this was written; 0 for never.
    """

    customer_id: str
    version: int = 0
    erased: bool = False
    held: Mapping[int, PublishedEvent] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    waiting_since: str | None = None
    handled_at: str | None = None
    revision: int = 0


def decide(state: CustomerState, event: PublishedEvent, policy: GapPolicy) -> Action:
    """What to do with an event that has arrived.

    An erasure waits for nothing: what it would wait for is what must go.

    Args:
        state: Of the event's customer.
        event: In whatever order and as often as it may come.
        policy: The consumer's.
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
    """The state once an event was handled.

    Args:
        state: Before it.
        event: Which `decide` let through.
        now: RFC 3339.
    """
    held = {} if event.erases else {number: each for number, each in state.held.items() if number > event.version}
    return replace(
        state,
        version=event.version,
        erased=event.erases,
        held=held,
        waiting_since=state.waiting_since if held else None,
        handled_at=now,
        revision=state.revision + 1,
    )


def after_holding(state: CustomerState, event: PublishedEvent, now: str) -> CustomerState:
    """The state once an early event is held; the same state if it is held already.

    Args:
        state: Before it.
        event: Which `decide` holds.
        now: RFC 3339.

    Raises:
        TooManyHeld: There is no room.
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
    """The held event whose turn it is, if it is anyone's."""
    return state.held.get(state.version + 1)
