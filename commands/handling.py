"""Carries out a command on an existing customer: read, recognise a repeat, decide, append; again after a conflict."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from commands.context import Context
from commands.repeats import earlier_attempt
from events.claims import NO_CLAIMS, ClaimChange, ClaimTaken
from events.codec import NewerEvent, encode
from events.current import Current, current, state_after
from events.customer import Customer, CustomerErased, CustomerEvent, Erased, State, evolve
from events.envelope import Event
from events.history import BrokenHistory, require_folded
from events.recent_commands import MOST_REMEMBERED, commands_up_to
from events.store import EventStore, StoreBusy, VersionConflict
from shared.http.consistency import ConsistencyToken
from shared.http.preconditions import etag_of
from shared.http.problems import Contended, FieldTaken, NewerRelease, NotFound, PreconditionFailed, StaleVersion
from shared.runtime.backoff import full_jitter
from shared.runtime.clock import timestamp

_TRIES: Final = 12
_FIRST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.3
# How many events in a row may change nothing. They exist only to remember their commands, which is done for as many.
MOST_UNCHANGED: Final = MOST_REMEMBERED

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """The event to append and what changes with it.

    Attributes:
        data: The event's data.
        claims: Uniqueness claims to take and release.
        redact: Versions of earlier events to redact, in ascending order.
        changes_nothing: Whether the event only remembers the command. At most `MOST_UNCHANGED` such events follow each
            other.
    """

    data: CustomerEvent
    claims: ClaimChange = NO_CLAIMS
    redact: tuple[int, ...] = ()
    changes_nothing: bool = False


Decide = Callable[[State | BrokenHistory], Decision | None]


def carry_out(decide: Decide, store: EventStore, customer_id: str, context: Context, pause: Pause) -> State:
    """Carry out a command on a customer exactly once, no matter how often it is attempted.

    Args:
        decide: Decides from the customer's state; returns None to change nothing.
        pause: Waits before a retry; takes seconds.

    Returns:
        The state after this command: after this attempt, or after an earlier attempt that succeeded.

    Raises:
        NotFound: The customer never existed.
        StaleVersion: The customer's version is not among the versions that the caller accepts.
        PreconditionFailed: If-None-Match names the customer's version.
        KeyReused: The Idempotency-Key belongs to a different command.
        FieldTaken: Another customer has the e-mail address.
        Contended: Other writers were faster in every attempt.
        NewerRelease: A newer release changed the customer, and `decide` requires the state.
        Exception: The customer's events cannot be folded, and `decide` requires that they can.
    """
    with refuse_newer_events():
        return _carry_out(decide, store, customer_id, context, pause)


def _carry_out(decide: Decide, store: EventStore, customer_id: str, context: Context, pause: Pause) -> State:
    for attempt in range(_TRIES):
        found = current(store, customer_id)
        if found is None:
            raise NotFound("There is no customer with this id.")
        if earlier := _earlier(store, found, context):
            return state_after(store, earlier)
        _require_seen(found.state, context)
        decision = decide(found.state)
        if decision is None or (decision.changes_nothing and _unchanged(found) >= MOST_UNCHANGED):
            return require_folded(found.state)
        try:
            return _append(found, decision, store, context)
        except VersionConflict:
            # Without If-Match, the next round decides again on the new state. With If-Match, the next round finds that
            # the version is stale, or that an earlier attempt of ours wrote it.
            pause(full_jitter(attempt, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
    raise Contended


def _earlier(store: EventStore, found: Current, context: Context) -> Event | None:
    # Nothing can follow an erasure, so a repeat is answered like the first attempt without looking for it. And if the
    # caller names the current version as acceptable, the command is carried out on it, whatever an earlier attempt did
    # to an older one.
    if isinstance(found.state, Erased) or found.state.version in context.by_version:
        return None
    return earlier_attempt(store, found.newest, context)


def _unchanged(found: Current) -> int:
    return found.newest.unchanged if isinstance(found.newest, Event) else 0


def _require_seen(state: State | BrokenHistory, context: Context) -> None:
    # An erased customer has no current representation (RFC 9110, 13.2.1): erasing again succeeds, and for any other
    # command they do not exist.
    if isinstance(state, Erased):
        return
    token = ConsistencyToken(state.id, state.version)
    match context.conditions.first_false(etag_of(state.version)):
        case "If-Match":
            raise StaleVersion(state.version, token)
        case "If-None-Match":
            raise PreconditionFailed(
                "If-None-Match names the current version, so the request was not carried out.",
                headers={"ETag": etag_of(state.version)},
                read_after=token,
            )


def _append(found: Current, decision: Decision, store: EventStore, context: Context) -> State:
    state = found.state
    event = event_of(decision, state.id, found.newest.version + 1, context)
    # Nothing follows an erasure that could need these.
    if isinstance(state, Customer) and not isinstance(decision.data, CustomerErased):
        event = replace(
            event,
            created_at=state.created_at,
            recent_commands=commands_up_to(store, found.newest),
            unchanged=_unchanged(found) + 1 if decision.changes_nothing else 0,
        )
    append_or_refuse(store, event, decision)
    return Erased(state.id, event.version) if isinstance(state, BrokenHistory) else evolve(state, event, decision.data)


def event_of(decision: Decision, customer_id: str, version: int, context: Context) -> Event:
    """The event that a decision appends."""
    return encode(
        decision.data,
        customer_id=customer_id,
        version=version,
        event_id=context.event_id,
        occurred_at=timestamp(context.now),
        metadata=context.following(version - 1),
    )


@contextmanager
def refuse_newer_events() -> Iterator[None]:
    """Translate an event that a newer release appended into a problem.

    A change by this release would lose what it does not know, and the answer to a repeat would lack it.

    Raises:
        NewerRelease: The block met such an event.
    """
    try:
        yield
    except NewerEvent:
        raise NewerRelease from None


def append_or_refuse(store: EventStore, event: Event, decision: Decision) -> None:
    """Append the event of a decision, and translate the store's errors into problems.

    Raises:
        VersionConflict: Another event has this version.
        FieldTaken: Another customer has the e-mail address.
        Contended: There are too many concurrent writes. Nothing was written.
    """
    try:
        store.append(event, decision.claims, decision.redact)
    except ClaimTaken:
        raise FieldTaken("email") from None
    except StoreBusy:
        raise Contended from None
