"""Where text leaves the system besides responses: logs, metrics and the failure queue. None may be personal (I8)."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from projections.read_model import ReadModelBusy
from tests.simulation.invariants import Invariants, require
from tests.simulation.stack import Queues, give_up
from tests.simulation.stream import SimulatedStream


class Outlets(ABC):
    """The outlets of a world.

    Attributes:
        dead_lettered: Customers with a discarded record that a document in the failure queue reports.
    """

    invariants: Invariants
    stream: SimulatedStream
    queues: Queues
    dead_lettered: set[str]

    @abstractmethod
    def trace(self, *what: object) -> None:
        """Add an effect to the hash."""

    def logged(self, message: str, extra: Any) -> None:
        """A function wrote a log record or an annotation."""
        self.invariants.leaves("a log record", f"{message} {extra!r}")

    def measured(self, name: str, value: float) -> None:
        """A function recorded a metric."""
        self.invariants.leaves("a metric", f"{name} {value}")

    def function_failed(self, error: Exception) -> None:
        """An invocation ended with an error, which Lambda's runtime logs.

        Only two causes are allowed: a service behind the function, or a read table that leaves keys unprocessed at
        every try. A bug of ours would be retried as well, and would hide behind that.
        """
        self.trace("failed", type(error).__name__)
        # A handler raises an exception without a text in place of the original, which is the new one's context.
        passing = any(
            isinstance(each, BotoCoreError | ClientError | ReadModelBusy) for each in (error, error.__context__)
        )
        require(passing, "ERRORS", f"an invocation ended with {type(error).__name__}")
        self.invariants.leaves("the runtime's log", repr(error))

    def discarded(self, document: Mapping[str, Any]) -> None:
        """The failure queue accepted a document."""
        text = json.dumps(document)
        self.trace("discarded", text)
        self.invariants.leaves("the failure queue", text)
        give_up(self.queues, document)
        info = document["DDBStreamBatchInfo"]
        first, last = int(info["startSequenceNumber"]), int(info["endSequenceNumber"])
        self.dead_lettered |= self.stream.customers_between(info["shardId"], first, last)
