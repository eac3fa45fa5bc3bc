"""Reads the calls out of a function's log: one short line for each.

A function's log has several lines for each call: Lambda's START, END and REPORT, the metrics, and what the function
itself logs. `make logs` prints one line with what one looks for first, and `TRACE=...` the function's own lines of one
request or one customer.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from local.functions import LogLine

_REPORT: Final = re.compile(r"REPORT RequestId: (\S+)\s+Duration: ([0-9.]+) ms")
_START: Final = "START RequestId: "
_LAMBDAS_OWN: Final = (_START, "END RequestId: ", "REPORT RequestId: ")
_METRICS: Final = '{"_aws":'
_FAILED: Final = ("ERROR", "CRITICAL")
# Of these, a line of one customer or one request has the one that it is about.
_IDS: Final = ("request_id", "correlation_id", "trace_id", "xray_trace_id", "customer_id", "causation_id", "event_id")


@dataclass(slots=True)
class Call:
    """One invocation of a function.

    Attributes:
        at: When it ended or was last heard of, in milliseconds since the epoch.
        function: The function's label.
        status: The HTTP status; "ok" or "failed" for a function that answers no request.
        milliseconds: Its duration as Lambda reports it; None while it runs.
        correlation_id: The id that the request and everything that follows from it share.
        events: `customer_id vVERSION` of the events that it handled.
    """

    at: int
    function: str
    status: str = ""
    milliseconds: float | None = None
    correlation_id: str = ""
    events: list[str] = field(default_factory=list)

    def read(self, line: LogLine, statuses: Mapping[str, int]) -> None:
        """Take in one line that the function logged during the call."""
        self.at = line.at
        content = as_json(line.text)
        if content is None:
            if "Traceback" in line.text or "Task timed out" in line.text or "[ERROR]" in line.text:
                self.status = self.status or "failed"
            return
        if "_aws" in content:
            return
        self.correlation_id = self.correlation_id or str(
            content.get("correlation_id") or content.get("request_id") or ""
        )
        if "customer_id" in content:
            version = f" v{content['version']}" if "version" in content else ""
            event = f"{content['customer_id']}{version}"
            self.events += [event] * (event not in self.events)
        if "problem" in content:
            problem = str(content["problem"])
            self.status = " ".join(filter(None, (str(statuses.get(problem, "")), problem)))
        elif isinstance(content.get("status"), int):
            self.status = str(content["status"])
        elif content.get("level") in _FAILED:
            self.status = self.status or "failed"

    def text(self, route: str, width: int) -> str:
        """The call in one line: time, function, route, status, milliseconds, ids.

        Args:
            route: What triggers the function.
            width: Columns for the function's label.
        """
        took = "..." if self.milliseconds is None else f"{self.milliseconds:.0f} ms"
        more = f" and {len(self.events) - 1} more" if len(self.events) > 1 else ""
        ids = (self.correlation_id, f"{self.events[0]}{more}" if self.events else "")
        what = f"{clock(self.at)}  {self.function:<{width}}  {route:<29}  {self.status or 'ok':<4} {took:>9}"
        return "  ".join(filter(None, (what, *ids)))


class CallReader:
    """Puts the lines of one or several functions together into calls."""

    def __init__(self, statuses: Mapping[str, int]) -> None:
        self._statuses = statuses
        self._open: dict[tuple[str, str], Call] = {}

    def calls(self, lines: Iterable[LogLine]) -> Iterator[Call]:
        """Yield each call whose end is among the lines.

        Args:
            lines: In the order of each function's log.
        """
        for line in lines:
            key = line.function, line.stream
            if line.text.startswith(_START):
                # A worker that died logged no end.
                if key in self._open:
                    yield self._open.pop(key)
                self._open[key] = Call(line.at, line.function)
            elif report := _REPORT.match(line.text):
                call = self._open.pop(key, None) or Call(line.at, line.function)
                call.at, call.milliseconds = line.at, float(report[2])
                yield call
            else:
                self._open.setdefault(key, Call(line.at, line.function)).read(line, self._statuses)

    def unfinished(self) -> Iterator[Call]:
        """Yield the calls that have not ended."""
        yield from self._open.values()
        self._open.clear()


def lines_of_trace(lines: Iterable[LogLine], wanted: str) -> Iterator[str]:
    """Yield the functions' own lines about one request, trace or customer, whole.

    Args:
        lines: What the functions logged.
        wanted: A correlation id, request id, trace id or customer id.
    """
    for line in lines:
        if line.text.startswith((*_LAMBDAS_OWN, _METRICS)):
            continue
        content = as_json(line.text)
        if wanted in line.text if content is None else wanted in {str(content.get(name)) for name in _IDS}:
            yield f"{clock(line.at)}  {line.function}  {line.text}"


def as_json(text: str) -> dict[str, Any] | None:
    """A line as the JSON object that it is; None if it is none."""
    if not text.startswith("{"):
        return None
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def clock(at: int) -> str:
    """The time of day on this machine's clock, to the millisecond.

    Args:
        at: Milliseconds since the epoch.
    """
    return datetime.fromtimestamp(at / 1000).strftime("%H:%M:%S.%f")[:12]  # noqa: DTZ006 - the reader's own clock


def routes(template: Mapping[str, Any]) -> Mapping[str, str]:
    """What triggers each function of the template: its route, or the kind of its trigger.

    Args:
        template: A result of `load_template`.
    """
    found = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            triggers = resource["Properties"].get("Events", {}).values()
            found[name] = _route([each["Properties"] for each in triggers if each["Type"] == "Api"])
        elif resource["Type"] == "AWS::Lambda::EventSourceMapping":
            mapped = str(resource["Properties"].get("FunctionName"))
            queue = "Queue" in str(resource["Properties"].get("EventSourceArn"))
            found |= {each: "(queue)" if queue else "(stream)" for each in found if f"'{each}" in mapped}
    return found


def _route(api: list[Mapping[str, Any]]) -> str:
    if not api:
        return "(event)"
    more = " ..." if len(api) > 1 else ""
    return f"{str(api[0]['Method']).upper()} {api[0]['Path']}{more}"
