"""A customer's events, folded.

An erasure decides for the whole history: whoever is erased stays so, whatever stands before it or comes after it. So of
such a customer no other event is opened, and none that cannot be read stands in the way.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from events.codec import UnreadableEvent, decode
from events.customer import CustomerErased, Erased, State, evolve
from events.envelope import Event, Recorded, Unreadable


def fold(records: Iterable[Recorded], state: State | None = None) -> State | None:
    """What events make of a customer.

    Args:
        records: In version order, without gaps, from the one after `state`.
        state: Where to start; None for before the first event.

    Returns:
        The state after the last event; None where there are none.

    Raises:
        OutOfOrder: There is a gap, or an event makes no sense.
        UnreadableEvent: An event cannot be read.
    """
    last = state
    for reached in states(records, state):
        last = reached
    return last


def states(records: Iterable[Recorded], state: State | None = None) -> Iterator[State]:
    """What events make of a customer, one after the other: `fold` for who wants to keep what stands before a failure.

    Args:
        records: As in `fold`.
        state: Likewise.

    Raises:
        OutOfOrder: As in `fold`, once everything before it was given.
        UnreadableEvent: Likewise.
    """
    history = list(records)
    erased = any(map(is_erasure, history))
    for record in history:
        if erased or isinstance(state, Erased):
            state = Erased(record.customer_id, record.version)
        else:
            event = readable(record)
            state = evolve(state, event, decode(event))
        yield state


def is_erasure(record: Recorded) -> bool:
    """Whether a record says that its customer was erased."""
    return isinstance(record, Event) and record.type == CustomerErased.type()


def readable(record: Recorded) -> Event:
    """The event that a record is.

    Raises:
        UnreadableEvent: It is none.
    """
    if isinstance(record, Unreadable):
        raise UnreadableEvent(f"{record.customer_id} version {record.version}", record.reason)
    return record


@dataclass(frozen=True, slots=True)
class BrokenHistory:
    """What can be told of a customer whose events cannot be folded: enough to erase them.

    Attributes:
        id: Whose.
        versions: Of the events that there are, in order.
        emails: The addresses in them, the newest first, as far as they can be made out: one of them, or one in an event
            that cannot be opened at all, is theirs now.
        cause: Why they cannot be folded.
    """

    id: str
    versions: tuple[int, ...]
    emails: tuple[str, ...]
    cause: Exception

    @property
    def version(self) -> int:
        """The newest event's."""
        return self.versions[-1]


def fold_or_report(records: Sequence[Recorded]) -> State | BrokenHistory | None:
    """What events make of a customer, or what can be told of one whose events cannot be folded.

    Args:
        records: All of them, in version order.
    """
    try:
        return fold(records)
    except Exception as cause:  # noqa: BLE001 - a fold that raises may raise anything
        emails = [email for record in reversed(records) if (email := _address_in(record))]
        versions = tuple(record.version for record in records)
        return BrokenHistory(records[0].customer_id, versions, tuple(dict.fromkeys(emails)), cause)


def require_folded(state: State | BrokenHistory) -> State:
    """What events make of a customer, for who needs that.

    Raises:
        Exception: Whatever kept them from being folded.
    """
    if isinstance(state, BrokenHistory):
        raise state.cause
    return state


def _address_in(record: Recorded) -> str | None:
    """The address in an event's data, also where it is not of the shape that it claims."""
    with suppress(Exception):
        return getattr(decode(readable(record)), "email", None)
    with suppress(KeyError, TypeError, ValueError):
        email = json.loads(record.data)["email"]
        return email if isinstance(email, str) else None
    return None
