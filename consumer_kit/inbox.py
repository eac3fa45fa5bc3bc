"""The inbox: what a consumer has handled and what it holds, for each customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from consumer_kit.ordering import CustomerState

Effect = Mapping[str, Any]
"""One of `TransactItems` of TransactWriteItems: `{"Put": ...}`, `{"Update": ...}` or `{"Delete": ...}`."""


class InboxConflict(Exception):
    """Another invocation has written this customer's inbox since it was loaded. Nothing was written: load it again."""


@dataclass(frozen=True, slots=True)
class MissingEvent:
    """An event that a customer's held events wait for.

    Attributes:
        customer_id: The customer's id.
        version: The version that is missing.
        since: When the gap was found, RFC 3339.
    """

    customer_id: str
    version: int
    since: str


class Inbox(Protocol):
    """Stores the state of each customer."""

    def load(self, customer_id: str) -> CustomerState:
        """The stored state, or a new one for an unknown customer."""
        ...

    def save(self, state: CustomerState, effects: Sequence[Effect] = ()) -> None:
        """Write a state and its effects, all or nothing.

        Args:
            state: Derived from the stored state; its revision is one higher.
            effects: Further writes for the same transaction, to any table.

        Raises:
            InboxConflict: The stored state has another revision.
        """
        ...
