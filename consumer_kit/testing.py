"""An inbox in memory, for the tests of a consumer."""

from collections.abc import Iterator, Sequence

from consumer_kit.inbox import Effect, InboxConflict
from consumer_kit.ordering import CustomerState


class InMemoryInbox:
    """An inbox that lives as long as the test.

    Attributes:
        effects: All effects that were written, in order.
    """

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self._states: dict[str, CustomerState] = {}

    def load(self, customer_id: str) -> CustomerState:
        """See `Inbox`."""
        return self._states.get(customer_id, CustomerState(customer_id))

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        """See `Inbox`."""
        if state.revision != self.load(state.customer_id).revision + 1:
            raise InboxConflict(state.customer_id)
        self._states[state.customer_id] = state
        self.effects += effects

    def left_behind(self, epoch: int) -> Iterator[str]:
        """See `DynamoDbInbox.left_behind`."""
        return (each.customer_id for each in list(self._states.values()) if each.epoch < epoch and not each.erased)
