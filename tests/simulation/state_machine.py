"""The rebuild's state machine: invokes the functions that template.yml's state machine invokes, in its order.

Fill and Verify are maps over the segments, whose items run side by side, each until it is done. A call that fails is
repeated, and ends the execution if it fails too often. A refusal ends it at once. The operators start another one.
"""

from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from events.store import StoreBusy
from projections.generations import GenerationsChanged, WrongStep
from projections.maintenance.rate_limit import InvalidRate
from projections.maintenance.rebuild import RebuildFailed
from projections.read_model import ReadModelBusy
from tests.simulation import wiring
from tests.simulation.invariants import require
from tests.simulation.signals import Crash

_TRIES: Final = 6
# How often an invocation has time for one page only.
_SHORT: Final = 0.3
_RATES: Final = (20, 1000, 1000)
_REFUSALS: Final = (WrongStep, InvalidRate)
_TROUBLES: Final = (BotoCoreError, ClientError, ReadModelBusy, StoreBusy, RebuildFailed, GenerationsChanged)


class Around(Protocol):
    """What the state machine needs from its world."""

    random: Random

    def trace(self, *what: object) -> None: ...

    def invoked(self, work: Callable[[], Any]) -> Any:
        """Run a function, within its timeout."""


class StateMachine:
    """One execution after the other.

    Attributes:
        state: `""` if no execution runs.
        switched: How many executions came to their end.
    """

    def __init__(self, world: Around) -> None:
        self.state = ""
        self.switched = 0
        self._world = world
        self._input: dict[str, Any] = {}
        self._begun: dict[str, Any] = {}
        self._items: list[dict[str, Any]] = []
        self._failures = 0

    def start(self) -> None:
        """Start an execution."""
        random = self._world.random
        self._input = {"accept_parked": random.random() < 0.3, "rate": random.choice(_RATES)}
        self._failures = 0
        self.state = "start"

    def stop(self) -> None:
        """Stop the execution, as an operator does in the console."""
        self.state = ""

    def step(self) -> None:
        """Invoke one function."""
        state = self.state
        try:
            getattr(self, f"_{state}")()
            self._failures = 0
        except Crash:
            self._failed(state, "died")
        except _REFUSALS as refusal:
            self._world.trace("execution", state, type(refusal).__name__)
            self.stop()
        except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
            # A handler raises an exception without a text in place of the original, which is the new one's context.
            known = any(isinstance(each, _TROUBLES) for each in (error, error.__context__))
            require(known, "ERRORS", f"the state {state} ended with {type(error).__name__}")
            self._failed(state, type(error).__name__)

    def _failed(self, state: str, how: str) -> None:
        self._world.trace("execution", state, how)
        self._failures += 1
        if self._failures == _TRIES:
            self.stop()

    def _start(self) -> None:
        self._begun = self._invoke("control", {"action": "start", "input": self._input})
        self._to_map("fill")

    def _fill(self) -> None:
        if self._item_done("fill"):
            self._to_map("verify")

    def _verify(self) -> None:
        if self._item_done("compare"):
            self.state = "confirm"

    def _confirm(self) -> None:
        self._invoke("control", {**self._begun, "action": "confirm"})
        self.state = "switch"

    def _switch(self) -> None:
        self._invoke("control", {**self._begun, "action": "switch"})
        self.switched += 1
        self.stop()

    def _to_map(self, state: str) -> None:
        self._items = [dict(item) for item in self._begun["items"]]
        self.state = state

    def _item_done(self, function: str) -> bool:
        """Invoke the function for any item that is not done. Returns whether all are."""
        item = self._world.random.choice(self._items)
        self._items.remove(item)
        try:
            item = self._invoke(function, item)
        finally:
            if not item.get("done"):
                self._items.append(item)
        return not self._items

    def _invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        milliseconds = 0 if self._world.random.random() < _SHORT else 10**9
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
        handler = getattr(wiring.HANDLERS, function)
        answer: dict[str, Any] = self._world.invoked(lambda: handler(event, context))
        self._world.trace("execution", function, answer)
        return answer
