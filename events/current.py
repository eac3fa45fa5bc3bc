"""Reads a customer's current state at a cost that does not depend on the length of the history.

Every event carries the whole person, so the newest event is the snapshot. Only `created_at` is not in its data, and
therefore in its envelope. If the newest event cannot be read, the whole history is folded, as a projection does.
"""

from dataclasses import dataclass, replace

from events.codec import NewerEvent, decode
from events.customer import OutOfOrder, PersonalData, State, snapshot
from events.envelope import Event, Recorded
from events.history import BrokenHistory, fold_or_report, readable
from events.store import EventStore


@dataclass(frozen=True, slots=True)
class Current:
    """A customer as of the newest event.

    Attributes:
        state: The state, or why it cannot be read.
        newest: The newest event.
    """

    state: State | BrokenHistory
    newest: Recorded


def current(store: EventStore, customer_id: str) -> Current | None:
    """A customer's current state; None if the customer never existed.

    An unreadable event before the newest one does no harm here.
    """
    newest = store.latest(customer_id)
    if newest is None:
        return None
    created_at = _created_at(store, newest)
    try:
        return Current(state_of_event(newest, created_at), newest)
    except Exception as cause:  # noqa: BLE001 - an event that cannot be opened may raise anything
        state = fold_or_report(store.read(customer_id))
        if isinstance(state, BrokenHistory) and isinstance(cause, NewerEvent):
            # Whatever else is wrong with the history, it is a newer release that can continue it.
            state = replace(state, cause=cause)
        return Current(state, newest) if state else None


def state_after(store: EventStore, event: Recorded) -> State:
    """The state after an event of a customer who was not erased.

    Raises:
        UnreadableEvent: The event cannot be read.
        OutOfOrder: The event cannot happen at its version.
    """
    return state_of_event(event, _created_at(store, event))


def state_of_event(record: Recorded, created_at: str) -> State:
    """The state after an event, from this event alone.

    Args:
        created_at: When the customer was created; empty if that is unknown.

    Raises:
        UnreadableEvent: The event cannot be read.
        OutOfOrder: The event cannot happen at its version, or `created_at` is missing.
    """
    event = readable(record)
    data = decode(event)
    if isinstance(data, PersonalData) and not created_at:
        raise OutOfOrder(f"{event.type} follows a first event that cannot be read")
    return snapshot(event, data, created_at)


def _created_at(store: EventStore, record: Recorded) -> str:
    """When the customer was created; empty if that cannot be read. An event of an older release does not carry it, so
    the first event is read.
    """
    if not isinstance(record, Event):
        return ""
    if record.created_at or record.version == 1:
        return record.created_at or record.occurred_at
    first = store.get(record.customer_id, 1)
    return first.occurred_at if isinstance(first, Event) else ""
