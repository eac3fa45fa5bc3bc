"""A customer's events, folded."""

from collections.abc import Iterable, Iterator

from events.codec import decode
from events.customer import State, evolve
from events.envelope import Event


def fold(events: Iterable[Event], state: State | None = None) -> State | None:
    """What events make of a customer.

    Args:
        events: In version order, without gaps, from the one after `state`.
        state: Where to start; None for before the first event.

    Returns:
        The state after the last event; None where there are none.

    Raises:
        OutOfOrder: There is a gap, or an event makes no sense.
        UnreadableEvent: An event cannot be read.
    """
    last = state
    for reached in states(events, state):
        last = reached
    return last


def states(events: Iterable[Event], state: State | None = None) -> Iterator[State]:
    """What events make of a customer, one after the other: `fold` for who wants to keep what stands before a failure.

    Args:
        events: As in `fold`.
        state: Likewise.

    Raises:
        OutOfOrder: As in `fold`, once everything before it was given.
        UnreadableEvent: Likewise.
    """
    for event in events:
        state = evolve(state, event, decode(event))
        yield state
