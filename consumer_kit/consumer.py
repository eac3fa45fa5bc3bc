"""Handles each event once, in whatever order and however often the events arrive.

The effects of an event are written in one transaction with the inbox's record that it was handled. So a crash leaves
both or neither, and a repeat finds the record. This covers what DynamoDB stores and nothing else: a mail sent from the
reaction is sent again if the transaction fails afterwards.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from consumer_kit.event import ERASED, PublishedEvent, Rejected
from consumer_kit.inbox import Effect, Inbox, InboxConflict
from consumer_kit.ordering import (
    Action,
    CustomerState,
    GapPolicy,
    after_forgetting,
    after_handling,
    after_holding,
    decide,
    next_held,
)

TRIES: Final = 5

Reaction = Callable[[PublishedEvent], Sequence[Effect]]
"""Returns the writes that an event causes. Returns none for a type that the consumer does not know."""


class UnknownSchema(Rejected):
    """The event's schema version is newer than this consumer supports: update the consumer, then redrive."""


class HeldEventFailed(Exception):
    """The event that arrived was handled, but a held event that followed it failed. That event stays held."""


@dataclass(frozen=True, slots=True)
class EventResult:
    """What happened to an event that arrived.

    Attributes:
        event: The event that arrived.
        action: What was done with it.
        handled: All events that were handled now, in order: the arrived one and the held ones that it released.
    """

    event: PublishedEvent
    action: Action
    handled: tuple[PublishedEvent, ...] = ()


class Consumer:
    """Handles each event of each customer once, in the order that its policy asks for."""

    def __init__(
        self,
        inbox: Inbox,
        react: Reaction,
        supported_schemas: Mapping[str, int],
        policy: GapPolicy = GapPolicy.EVERY,
        now: Callable[[], str] = lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    ) -> None:
        """Configure a consumer.

        Args:
            inbox: Stores what was handled and what is held.
            react: Returns the effects of an event. It may be called several times for one event, so it must have no
                side effects of its own.
            supported_schemas: Event type -> the newest schema version that `react` supports. `react` receives other
                types whatever their schema version. An event that erases is never rejected for its version.
            policy: Which events the consumer needs, and in which order.
            now: Returns the current time, RFC 3339.
        """
        self._inbox = inbox
        self._react = react
        self._supported_schemas = supported_schemas
        self._policy = policy
        self._now = now

    def handle(self, event: PublishedEvent) -> EventResult:
        """Handle an event that has arrived. Once this returns, you can delete the event's message.

        Raises:
            Rejected: A retry will not help.
            InboxConflict: Other invocations wrote this customer's inbox on every try. Deliver the event again.
            HeldEventFailed: Deliver the event again.
            TooManyHeld: Deliver the event again.
        """
        self._check_schema(event)
        handled: tuple[PublishedEvent, ...] = ()
        for _ in range(TRIES):
            attempt = _Attempt(self._inbox.load(event.customer_id))
            try:
                action = self._apply(attempt, event)
            except InboxConflict:
                handled += tuple(attempt.handled)
                continue
            return EventResult(event, Action.HANDLE if event in handled else action, (*handled, *attempt.handled))
        raise InboxConflict(event.customer_id)

    def forget(self, customer_id: str, epoch: int) -> bool:
        """Forget a customer whom the service lost: `react` gets a `CustomerErased` that nobody published.

        Call it for what `DynamoDbInbox.left_behind` returns, once every event of the epoch has been handled.

        Args:
            customer_id: The customer's id.
            epoch: The service's epoch. Nothing happens if an event of this epoch has arrived meanwhile.

        Returns:
            Whether the customer was forgotten.

        Raises:
            InboxConflict: Other invocations wrote this customer's inbox. Call it again.
        """
        state = self._inbox.load(customer_id)
        if state.erased or state.epoch >= epoch:
            return False
        now = self._now()
        lost = PublishedEvent("", ERASED, customer_id, state.version + 1, None, now, {}, epoch=epoch)
        self._inbox.save(after_forgetting(state, epoch, now), self._react(lost))
        return True

    def _check_schema(self, event: PublishedEvent) -> None:
        if event.erases:
            # Erasing needs nothing of the data.
            return
        newest = self._supported_schemas.get(event.type)
        if newest is not None and (event.schema_version is None or event.schema_version > newest):
            found = f"{event.type} has schema version {event.schema_version}"
            raise UnknownSchema(f"{found}, but this consumer supports up to {newest}")

    def _apply(self, attempt: "_Attempt", event: PublishedEvent) -> Action:
        action = decide(attempt.state, event, self._policy)
        if action is Action.HANDLE:
            self._handle(attempt, event)
        elif action is Action.HOLD:
            self._hold(attempt, event)
        # Also after a repeat: the invocation that handled the event may have died before it came to the held ones.
        while ready := next_held(attempt.state):
            self._handle_held(attempt, ready)
        return action

    def _handle(self, attempt: "_Attempt", event: PublishedEvent) -> None:
        after = after_handling(attempt.state, event, self._now())
        self._inbox.save(after, self._react(event))
        attempt.state = after
        attempt.handled.append(event)

    def _hold(self, attempt: "_Attempt", event: PublishedEvent) -> None:
        after = after_holding(attempt.state, event, self._now())
        if after is not attempt.state:
            self._inbox.save(after)
        attempt.state = after

    def _handle_held(self, attempt: "_Attempt", event: PublishedEvent) -> None:
        try:
            self._handle(attempt, event)
        except InboxConflict:
            raise
        except Exception as error:
            raise HeldEventFailed(f"version {event.version} of customer {event.customer_id}") from error


@dataclass(slots=True)
class _Attempt:
    """The progress of one try."""

    state: CustomerState
    handled: list[PublishedEvent] = field(default_factory=list)
