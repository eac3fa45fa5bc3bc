"""Runs one release's code: reads calls from standard input, a line of JSON each, and answers in the same way.

The release's root must be on PYTHONPATH. This file imports nothing of this release, because it also runs the previous
one's. It calls only what both have: the functions' handlers, the publisher and the consumer kit.
"""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TextIO

CONTEXT = SimpleNamespace(
    function_name="f",
    function_version="1",
    memory_limit_in_mb=1,
    invoked_function_arn="a",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 600_000,
)


def invoke(handler: str, event: dict[str, Any]) -> Any:
    """Invoke a function."""
    return import_module(handler).handle(event, CONTEXT)


def publish(items: list[Any]) -> Any:
    """Publish rows of the event table: the CloudEvents on the bus, and the failures that were noted."""
    codec, publishing = import_module("events.codec"), import_module("publisher.publishing")
    bus, failures = _Bus(), _Failures()
    publishing.Publisher(bus, failures, "urn:customers-api:local", lambda _: None).publish(
        [codec.recorded(item) for item in items]
    )
    return {"sent": bus.sent, "failures": failures.sent}


class _Bus:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def put(self, entries: Any) -> list[str]:
        self.sent += [json.loads(entry.detail) for entry in entries]
        return [""] * len(entries)


class _Failures:
    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, failure: Any) -> None:
        self.sent.append(json.loads(failure.to_json()))


CALLS: dict[str, Callable[..., Any]] = {"invoke": invoke, "publish": publish}


def main(answers: TextIO) -> None:
    """Answer calls until the input ends. An error of the release is an answer, too."""
    for line in sys.stdin:
        call, arguments = json.loads(line)
        try:
            answer = {"answer": CALLS[call](**arguments)}
        except Exception as error:  # noqa: BLE001 - whatever the release raises is what the test wants to know
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    # The functions log to standard output, so the answers get a copy of it and the logs go to standard error.
    copy = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    main(copy)
