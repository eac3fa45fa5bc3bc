"""How every command on an existing customer is carried out: read, recognise, decide, append; again on a conflict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from commands.context import Context
from events.claims import NO_CLAIMS, ClaimChange, ClaimTaken
from events.codec import encode
from events.customer import CustomerEvent, Erased, State, evolve
from events.envelope import Event, Recorded
from events.history import BrokenHistory, fold_or_report, require_folded, states
from events.store import EventStore, StoreBusy, VersionConflict
from shared.http.consistency import ConsistencyToken
from shared.http.problems import Contended, FieldTaken, NotFound, StaleVersion
from shared.runtime.backoff import full_jitter
from shared.runtime.clock import timestamp

_TRIES: Final = 12
_FIRST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.3

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What shall happen.

    Attributes:
        data: The event.
        claims: Uniqueness claims that change hands with it.
        redact: Versions whose data goes with it.
    """

    data: CustomerEvent
    claims: ClaimChange = NO_CLAIMS
    redact: tuple[int, ...] = ()


Decide = Callable[[State | BrokenHistory], Decision | None]


def carry_out(decide: Decide, store: EventStore, customer_id: str, context: Context, pause: Pause) -> State:
    """Carry a command out on a customer, exactly once however often it is tried.

    Args:
        decide: From the customer's state, or what can be told of them, to what shall happen; None for nothing.
        store: The event store.
        customer_id: Whose.
        context: The command's circumstances.
        pause: Waits so many seconds.

    Returns:
        The state that this command led to: now, or when an earlier try of it got through.

    Raises:
        NotFound: There never was such a customer.
        StaleVersion: The customer's version is not among the ones seen.
        KeyReused: The command's key belongs to another command.
        FieldTaken: The e-mail is another customer's.
        Contended: Other writers were faster every time.
        Exception: The customer's events cannot be folded, and `decide` needs that.
    """
    history: list[Recorded] = []
    for attempt in range(_TRIES):
        history += store.read(customer_id, after_version=history[-1].version if history else 0)
        before = _earlier_try(history, context)
        if before:
            return before
        state = fold_or_report(history)
        if state is None:
            raise NotFound("There is no customer with this id.")
        _require_seen(state, context)
        decision = decide(state)
        if decision is None:
            return require_folded(state)
        try:
            return _append(state, decision, store, context)
        except VersionConflict:
            # Without If-Match the decision is simply made again on what is there now; with it, the next round finds
            # that the version moved on, or that it was an earlier try of ours that moved it.
            pause(full_jitter(attempt, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))
    raise Contended


def _earlier_try(history: Sequence[Recorded], context: Context) -> State | None:
    for record in history:
        if isinstance(record, Event) and context.caused(record):
            return next(state for state in states(history) if state.version == record.version)
    return None


def _require_seen(state: State | BrokenHistory, context: Context) -> None:
    # Whoever wants an erased customer erased has what they want; to anyone else there is no such customer.
    if not isinstance(state, Erased) and context.seen is not None and state.version not in context.seen:
        raise StaleVersion(state.version, ConsistencyToken(state.id, state.version).encode())


def _append(state: State | BrokenHistory, decision: Decision, store: EventStore, context: Context) -> State:
    event = encode(
        decision.data,
        customer_id=state.id,
        version=state.version + 1,
        event_id=context.event_id,
        occurred_at=timestamp(context.now),
        metadata=context.metadata,
    )
    append_or_refuse(store, event, decision.claims, decision.redact)
    return Erased(state.id, event.version) if isinstance(state, BrokenHistory) else evolve(state, event, decision.data)


def append_or_refuse(
    store: EventStore, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()
) -> None:
    """Append one event, and tell the caller in their own words what stands against it.

    Args:
        store: The event store.
        event: What happened.
        claims: Claims on e-mail addresses.
        redact: Versions whose data goes.

    Raises:
        VersionConflict: The version is taken.
        FieldTaken: The e-mail is another customer's.
        Contended: Nothing was written, as too many write at once.
    """
    try:
        store.append([event], event.version - 1, claims, redact)
    except ClaimTaken:
        raise FieldTaken("email") from None
    except StoreBusy:
        raise Contended from None
