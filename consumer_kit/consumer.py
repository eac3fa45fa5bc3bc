"""Takes one event after the other, in whatever order and as often as they come, and handles each once.

What an event does is written in one transaction with the inbox's note that it was handled. So a crash leaves both or
neither, and a repeat finds the note. This holds for what DynamoDB keeps and for nothing else: a mail sent from the
reaction is sent again when the transaction after it fails.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from consumer_kit.event import REDACTED, PublishedEvent, Rejected
from consumer_kit.inbox import Effect, Inbox, InboxConflict
from consumer_kit.ordering import Action, CustomerState, GapPolicy, after_handling, after_holding, decide, next_held

TRIES: Final = 5

Reaction = Callable[[PublishedEvent], Sequence[Effect]]
"""What an event does: the writes that it causes, none for a type that the consumer does not know."""


class UnknownSchema(Rejected):
    """The event's data is of a shape that this consumer was not written for: update it, then redrive."""


class HeldEventFailed(Exception):
    """The event that arrived was taken, and one that was held for it could not be handled; it stays held."""


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of an event that arrived.

    Attributes:
        event: The event.
        decision: What was done with it.
        handled: Every event that was handled now, in order: it, and those that waited for it.
    """

    event: PublishedEvent
    decision: Action
    handled: tuple[PublishedEvent, ...] = ()


class Consumer:
    """Handles each event of each customer once, in the order of its policy."""

    def __init__(
        self,
        inbox: Inbox,
        react: Reaction,
        understands: Mapping[str, int],
        policy: GapPolicy = GapPolicy.EVERY,
        now: Callable[[], str] = lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    ) -> None:
        """Set it up.

        Args:
            inbox: Where it keeps what it has handled.
            react: What an event does. It may be called again for the same event, so it must do nothing itself.
            understands: Type -> the newest schema version of it that `react` was written for. Other types go to
                `react` in any schema version.
            policy: Which events it wants, and when.
            now: Gives the time, RFC 3339.
        """
        self._inbox = inbox
        self._react = react
        self._understands = understands
        self._policy = policy
        self._now = now

    def take(self, event: PublishedEvent) -> EventResult:
        """Take an event that has arrived; once it returns, the event may be deleted from where it came from.

        Raises:
            Rejected: No retry will help.
            InboxConflict: Others wrote to this customer's inbox at every try; the event must come again.
            HeldEventFailed: Likewise.
            TooManyHeld: Likewise.
        """
        self._check(event)
        before: tuple[PublishedEvent, ...] = ()
        for _ in range(TRIES):
            work = _Work(self._inbox.load(event.customer_id))
            try:
                decision = self._take(work, event)
            except InboxConflict:
                before += tuple(work.handled)
                continue
            return EventResult(event, Action.HANDLE if event in before else decision, (*before, *work.handled))
        raise InboxConflict(event.customer_id)

    def _check(self, event: PublishedEvent) -> None:
        newest = self._understands.get(event.type)
        if newest is not None and (event.schema_version is None or event.schema_version > newest):
            raise UnknownSchema(f"{event.type} of schema version {event.schema_version}, newest known is {newest}")

    def _take(self, work: "_Work", event: PublishedEvent) -> Action:
        decision = decide(work.state, event, self._policy)
        if decision is Action.HANDLE:
            self._handle(work, event)
        elif decision is Action.HOLD:
            self._hold(work, event)
        # Also after a repeat: the invocation that handled it first may have died before it came to these.
        while ready := next_held(work.state):
            self._handle_held(work, ready)
        return decision

    def _handle(self, work: "_Work", event: PublishedEvent) -> None:
        after = after_handling(work.state, event, self._now())
        self._inbox.save(after, () if event.type == REDACTED else self._react(event))
        work.state = after
        work.handled.append(event)

    def _hold(self, work: "_Work", event: PublishedEvent) -> None:
        after = after_holding(work.state, event, self._now())
        if after is not work.state:
            self._inbox.save(after)
        work.state = after

    def _handle_held(self, work: "_Work", event: PublishedEvent) -> None:
        try:
            self._handle(work, event)
        except InboxConflict:
            raise
        except Exception as error:
            raise HeldEventFailed(f"version {event.version} of customer {event.customer_id}") from error


class _Work:
    """What one try has come to."""

    def __init__(self, state: CustomerState) -> None:
        self.state = state
        self.handled: list[PublishedEvent] = []
