"""A small interpreter of the Amazon States Language: what the state machine of a rebuild uses, and nothing else.

https://states-language.net/spec.html
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# Specification, "Errors" and Step Functions developer guide, "Error names": States.ALL does not match these two.
TERMINAL: Final = frozenset({"States.DataLimitExceeded", "States.Runtime"})
_MOST_ATTEMPTS: Final = 3  # Specification, "Retrying after error": the default
_INTERVAL: Final = 1.0

State = Mapping[str, Any]


class StateFailed(Exception):
    """A state ended with an error that nothing caught.

    Attributes:
        name: The error's name.
        cause: Its cause.
    """

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


def matches(rule: State, name: str) -> bool:
    """Whether a Retrier or a Catcher is for an error."""
    expected = rule["ErrorEquals"]
    if expected == ["States.ALL"]:
        return name not in TERMINAL
    if "States.TaskFailed" in expected and name not in (*TERMINAL, "States.Timeout"):
        return True
    return name in expected


def retry_delay(state: State, name: str, attempts: dict[int, int], jitter: Callable[[float], float]) -> float | None:
    """How long to wait before a state is tried again after an error, in seconds; None if it is not tried again.

    Args:
        attempts: How often each Retrier was used since the state was entered, by its index. The used one is counted.
        jitter: Returns a delay between 0 and the given one.
    """
    for index, rule in enumerate(state.get("Retry", ())):
        if matches(rule, name):
            used = attempts.get(index, 0)
            if used >= rule.get("MaxAttempts", _MOST_ATTEMPTS):
                return None
            attempts[index] = used + 1
            delay = rule.get("IntervalSeconds", _INTERVAL) * rule.get("BackoffRate", 2.0) ** used
            delay = min(delay, rule.get("MaxDelaySeconds", delay))
            return jitter(delay) if rule.get("JitterStrategy") == "FULL" else float(delay)
    return None


def tasks(states: Mapping[str, State]) -> Iterator[tuple[str, State]]:
    """Every task by name, also those within maps."""
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state
        yield from tasks(state.get("ItemProcessor", {}).get("States", {}))


@dataclass(slots=True)
class Execution:
    """One execution of a state machine.

    Attributes:
        call: Invokes a resource with an input and returns its output. An exception is the task's error, by its type.
        wait: Lets a number of seconds pass.
        jitter: See `retry_delay`.
        retries: The names of the errors that were retried.
    """

    call: Callable[[str, Any], Any]
    wait: Callable[[float], None] = lambda _: None
    jitter: Callable[[float], float] = lambda delay: delay
    retries: list[str] = field(default_factory=list)

    def run(self, machine: State, data: Any) -> Any:
        """Run a state machine from its first state to its end, and return its output.

        Raises:
            StateFailed: The execution fails.
        """
        name: str | None = machine["StartAt"]
        while name is not None:
            state = machine["States"][name]
            data, name = self._step(state, data)
        return data

    def _step(self, state: State, data: Any) -> tuple[Any, str | None]:
        kind, then = state["Type"], state.get("Next")
        if kind == "Fail":
            raise StateFailed(state["Error"], state["Cause"])
        if kind == "Choice":
            [choice] = state["Choices"]
            chosen = _at(choice["Variable"], data) is choice["BooleanEquals"]
            return data, choice["Next"] if chosen else state["Default"]
        if kind == "Pass":
            return state["Result"], then
        try:
            result = self._retried(state, data) if kind == "Task" else self._mapped(state, data)
        except StateFailed as failed:
            for rule in state.get("Catch", ()):
                if matches(rule, failed.name):
                    error = {"Error": failed.name, "Cause": failed.cause}
                    return _put(rule.get("ResultPath", "$"), data, error), rule["Next"]
            raise
        return _put(state.get("ResultPath", "$"), data, result), then

    def _retried(self, state: State, data: Any) -> Any:
        sent = _filled(state["Parameters"], data) if "Parameters" in state else data
        attempts: dict[int, int] = {}
        while True:
            try:
                return json.loads(json.dumps(self.call(state["Resource"], sent)))
            except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
                name = type(error).__name__
                delay = retry_delay(state, name, attempts, self.jitter)
                if delay is None:
                    raise StateFailed(name, str(error)) from None
                self.retries.append(name)
                self.wait(delay)

    def _mapped(self, state: State, data: Any) -> Sequence[Any]:
        return [self.run(state["ItemProcessor"], item) for item in _at(state["ItemsPath"], data)]


def _at(path: str, data: Any) -> Any:
    for part in path.removeprefix("$").strip(".").split("."):
        data = data[part] if part else data
    return data


def _filled(parameters: State, data: Any) -> dict[str, Any]:
    return {
        name.removesuffix(".$"): _at(value, data) if name.endswith(".$") else value
        for name, value in parameters.items()
    }


def _put(path: str | None, data: Any, result: Any) -> Any:
    if path is None:
        return data
    return result if path == "$" else {**data, path.removeprefix("$."): result}
