"""Folds a customer's events into the customer's state, and closes the histories of erased customers.

An erasure decides for the whole history: an erased customer stays erased, whatever events come before or after it. So
no other event of an erased customer is decoded, and an unreadable one does no harm. `sealed` is the one place that
withholds the data of an erased customer's events while it has yet to be removed. Every store returns events through it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from events.codec import REDACTED, UnreadableEvent, decode
from events.customer import CustomerErased, Erased, State, evolve
from events.envelope import Event, Recorded, Unreadable


def fold(records: Iterable[Recorded], state: State | None = None) -> State | None:
    """Fold events into a state.

    Args:
        records: In version order, without gaps, starting after `state`.
        state: The state to start from; None before the first event.

    Returns:
        The state after the last event; `state` if there are no events.

    Raises:
        OutOfOrder: There is a gap, or an event cannot happen in its state.
        UnreadableEvent: An event cannot be read.
    """
    last = state
    for reached in states(records, state):
        last = reached
    return last


def states(records: Iterable[Recorded], state: State | None = None) -> Iterator[State]:
    """Like `fold`, but yields every state, so the ones before a failure survive."""
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
    """Whether a record is a `CustomerErased` event."""
    return isinstance(record, Event) and record.type == CustomerErased.type()


def sealed(records: Iterable[Recorded], *, erased: bool = False) -> list[Recorded]:
    """A customer's records as they may be opened: once the customer is erased, without data.

    Args:
        records: Records of one customer. A suffix of the history is enough, because an erasure is at its end.
        erased: Whether the customer is known to be erased, although these records do not show it.
    """
    records = list(records)
    if not erased and not any(map(is_erasure, records)):
        return records
    return [_seal(record) for record in records]


def _seal(record: Recorded) -> Recorded:
    if is_erasure(record) or record.data == REDACTED:
        return record
    return replace(record, data=REDACTED, is_sealed=True)


def is_left_over(record: Recorded) -> bool:
    """Whether an erasure has yet to remove something from the row of an erased customer's record."""
    if is_erasure(record):
        return False
    has_hash = record.has_hash if isinstance(record, Unreadable) else bool(record.metadata.request_hash)
    return record.is_sealed or record.data != REDACTED or has_hash


def unredacted(records: Iterable[Recorded]) -> list[int]:
    """Return the versions of an erased customer's records that an erasure has yet to redact; empty if there is none."""
    history = list(records)
    if not any(map(is_erasure, history)):
        return []
    return [record.version for record in history if is_left_over(record)]


def readable(record: Recorded) -> Event:
    """Return the record as an event.

    Raises:
        UnreadableEvent: The row is not an event.
    """
    if isinstance(record, Unreadable):
        raise UnreadableEvent(f"{record.customer_id} version {record.version}", record.reason)
    return record


@dataclass(frozen=True, slots=True)
class BrokenHistory:
    """A customer whose events cannot be folded. What is known is enough to erase them.

    Attributes:
        id: The customer's id.
        versions: The versions of the customer's rows, in order.
        emails: All addresses found in the events, newest first. The current address is one of them, unless it is in an
            event that cannot be parsed at all.
        cause: The exception that the fold raised.
    """

    id: str
    versions: tuple[int, ...]
    emails: tuple[str, ...]
    cause: Exception

    @property
    def version(self) -> int:
        """The version of the newest row."""
        return self.versions[-1]


def fold_or_report(records: Sequence[Recorded]) -> State | BrokenHistory | None:
    """Like `fold`, but returns a `BrokenHistory` instead of raising.

    Args:
        records: All records of the customer, in version order.
    """
    try:
        return fold(records)
    except Exception as cause:  # noqa: BLE001 - a fold that raises may raise anything
        emails = [email for record in reversed(records) if (email := _address_in(record))]
        versions = tuple(record.version for record in records)
        return BrokenHistory(records[0].customer_id, versions, tuple(dict.fromkeys(emails)), cause)


def require_folded(state: State | BrokenHistory) -> State:
    """Return the state.

    Raises:
        Exception: The events cannot be folded. This is the exception that the fold raised.
    """
    if isinstance(state, BrokenHistory):
        raise state.cause
    return state


def _address_in(record: Recorded) -> str | None:
    """The e-mail address in an event's data, even if the data does not have its schema."""
    with suppress(Exception):
        return getattr(decode(readable(record)), "email", None)
    with suppress(KeyError, TypeError, ValueError, RecursionError):
        email = json.loads(record.data)["email"]
        return email if isinstance(email, str) else None
    return None
