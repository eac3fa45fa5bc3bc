"""What the clients of a soak were told: the record against which the stack is checked at the end."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

_MOST_SHOWN: Final = 20


@dataclass(slots=True)
class Acknowledged:
    """The writes of one customer that were answered with success.

    Attributes:
        version: The version in the newest answer; 0 before the first.
        erased: Whether an erasure was acknowledged.
        unknown: Whether the outcome of the last write is unknown, because no attempt of it was answered.
    """

    version: int = 0
    erased: bool = False
    unknown: bool = False


@dataclass(slots=True)
class Journal:
    """Everything that the clients were told. Several threads write it.

    Attributes:
        customers: By customer id. One client writes each customer, so its versions must rise by one.
        answers: The number of answers by request and status, for example `PUT 200`.
        repeats: The number of requests that were sent again, with the same Idempotency-Key.
        violations: Answers that no correct service gives.
    """

    customers: dict[str, Acknowledged] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    violations: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def figures(self) -> dict[str, Any]:
        """The figures to print; at most the first violations."""
        return {
            "customers": len(self.customers),
            "acknowledged_writes": sum(known.version for known in self.customers.values()),
            "answers": dict(sorted(self.answers.items())),
            "repeats": self.repeats,
            "violations": self.violations[:_MOST_SHOWN],
        }

    def answered(self, request: str, *, repeats: int) -> None:
        """Count an answer.

        Args:
            request: The method and the status.
            repeats: How often the request was sent again before.
        """
        with self._lock:
            self.answers[request] += 1
            self.repeats += repeats

    def wrote(self, customer_id: str, version: int, *, erased: bool = False) -> None:
        """Record an acknowledged write, whose version must follow the one before."""
        with self._lock:
            known = self.customers.setdefault(customer_id, Acknowledged())
            allowed = {known.version + 1, known.version + 2} if known.unknown else {known.version + 1}
            if version not in allowed:
                self.violations.append(f"{customer_id}: version {version} was acknowledged after {known.version}")
            self.customers[customer_id] = Acknowledged(version, erased)

    def lost_track(self, customer_id: str) -> None:
        """Record that the outcome of a write is unknown."""
        with self._lock:
            self.customers[customer_id].unknown = True

    def violated(self, what: str) -> None:
        """Record an answer that no correct service gives."""
        with self._lock:
            self.violations.append(what)
