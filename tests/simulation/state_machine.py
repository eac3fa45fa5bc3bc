"""The rebuild's state machine: invokes the functions that template.yml's state machine invokes, in its order.

Fill and Verify are maps over the segments, whose items run side by side, each until it is done. A call that fails is
repeated, and ends the execution if it fails too often. A refusal ends it at once. The operators start another one.
"""

from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any, Final, Protocol

from projections.customers import CUSTOMERS
from shared.runtime.errors import PermanentFailure
from tests.simulation import wiring
from tests.simulation.invariants import require
from tests.simulation.signals import Crash

_TRIES: Final = 6
# How often an invocation has time for one page only.
_SHORT: Final = 0.3
_RATES: Final = (20, 1000, 1000)
_ACTIONS: Final = {"start": "fill", "confirm": "switch", "switch": "switched"}
_MAPS: Final = {"fill": ("fill", "verify"), "verify": ("compare", "confirm")}
# How a refusal begins; any other permanent failure is a mistake of ours.
_REFUSALS: Final = ("WrongStep:", "WouldRegress:", "InvalidRate:")


class Around(Protocol):
    """What the state machine needs from its world."""

    random: Random

    def trace(self, *what: object) -> None: ...

    def invoked(self, work: Callable[[], Any]) -> Any:
        """Run a function, within its timeout."""


class StateMachine:
    """One execution after the other. Operators who start another one leave the one before it alone.

    Attributes:
        switched: How many executions came to their end.
    """

    def __init__(self, world: Around, view: str) -> None:
        """
        Args:
            view: The name of the view that is rebuilt.
        """
        self.switched = 0
        self._world = world
        self._view = view
        self._execution: _Execution | None = None

    @property
    def is_running(self) -> bool:
        """Whether an execution runs."""
        return self._execution is not None and self._execution.state not in ("", "switched")

    def start(self) -> None:
        """Start an execution."""
        self._execution = _Execution(self._world, self._view)

    def step(self) -> None:
        """Invoke one function, if one is due."""
        if self._execution is not None:
            self.switched += self._execution.step()


class _Execution:
    """One execution.

    Attributes:
        state: `""` when it has failed.
    """

    def __init__(self, world: Around, view: str) -> None:
        random = world.random
        self.state = "start"
        self._world = world
        self._input: dict[str, Any] = {"accept_parked": random.random() < 0.3, "rate": random.choice(_RATES)}
        if view != CUSTOMERS.name or random.random() < 0.5:
            # The executions that an earlier release began name none.
            self._input["view"] = view
        self._begun: dict[str, Any] = {}
        # The items of a map that are due, and how many are not done.
        self._due: list[dict[str, Any]] = []
        self._open = 0
        self._is_busy = False
        self._failures = 0

    def step(self) -> bool:
        """Invoke one function, unless all that are due run already. Returns whether the generation was switched to."""
        state = self.state
        try:
            self._step(state)
            self._failures = 0
        except Crash:
            self._failed(state, "died")
        except PermanentFailure as failure:
            require(str(failure).startswith(_REFUSALS), "ERRORS", f"the state {state} ended with {failure}")
            self._world.trace("execution", state, str(failure).partition(":")[0])
            self.state = ""
        except Exception as error:  # noqa: BLE001 - as the state machine does
            self._failed(state, type(error).__name__)
        return state == "switch" and self.state == "switched"

    def _failed(self, state: str, how: str) -> None:
        self._world.trace("execution", state, how)
        self._failures += 1
        if self._failures == _TRIES:
            self.state = ""

    def _step(self, state: str) -> None:
        if state in _MAPS:
            self._map(state, *_MAPS[state])
        elif state in _ACTIONS and not self._is_busy:
            self._is_busy = True
            try:
                answer = self._invoke("control", {**self._begun, "action": state, "input": self._input})
            finally:
                self._is_busy = False
            self._begun = answer if state == "start" else self._begun
            self._move_to(state, _ACTIONS[state])

    def _map(self, state: str, function: str, after: str) -> None:
        """Invoke the function for an item that is not done and does not run."""
        if not self._due:
            return
        item = self._due.pop(self._world.random.randrange(len(self._due)))
        try:
            item = self._invoke(function, item)
        finally:
            if item.get("done"):
                self._open -= 1
            else:
                self._due.append(item)
        if not self._open:
            self._move_to(state, after)

    def _move_to(self, before: str, state: str) -> None:
        if self.state == before:
            self.state = state
            self._due = [dict(item) for item in self._begun["items"]]
            self._open = len(self._due)

    def _invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        milliseconds = 0 if self._world.random.random() < _SHORT else 10**9
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
        handler = getattr(wiring.HANDLERS, function)
        answer: dict[str, Any] = self._world.invoked(lambda: handler(event, context))
        self._world.trace("execution", function, answer)
        return answer
