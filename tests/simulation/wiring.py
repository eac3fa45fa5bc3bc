"""Runs the real handlers on the simulated world: clients, clock, ids, sleep, logger, metrics and tracer.

Importing this module changes shared/runtime for the whole process, so it needs a process of its own
(`python -m tests.simulation`), and must be imported before any handler.
"""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

os.environ |= {
    "EVENT_TABLE": "events",
    "READ_TABLE": "read",
    "CLAIMS_TABLE": "claims",
    "ERASURES_TABLE": "erasures",
    "ERASURE_LOG_TABLE": "erasure-log",
    "SIGNING_SECRET": "literal:a secret of the simulation",
    "PARTIAL_ANSWERS": "true",
    "REBUILD_RATE": "1000",
    "REBUILD_WORKERS": "2",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "simulation",
    "AWS_DEFAULT_REGION": "eu-west-1",
}

from botocore.exceptions import ReadTimeoutError

from projections.generations import Generations
from shared.runtime import clients, clock, ids, observability

if TYPE_CHECKING:
    from tests.simulation.world import World


def redact_at_once(most: int) -> None:
    """Let a transaction redact only so many events, so that a short history is a long one."""
    store.MOST_REDACTED_AT_ONCE = erasing.MOST_REDACTED_AT_ONCE = most  # type: ignore[misc,attr-defined]
    finishing._REDACTED_AT_ONCE = most  # type: ignore[misc]


class _Present:
    """The running world."""

    world: "World"


def enter(world: "World") -> None:
    """Let the handlers use a world from now on, each in a new process."""
    _Present.world = world
    project_customers.views = [each for each in _FED if each.view.name in world.views]
    for rows in _row_stores():
        rows._shards._known.clear()


class _Client:
    """The running world's client."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_Present.world.client, name)


class _Logger:
    """Passes every record to the world instead of writing it."""

    def info(self, message: str, extra: Any = None, **_: Any) -> None:
        _Present.world.logged(message, extra)

    warning = error = debug = critical = exception = info

    def append_keys(self, **keys: Any) -> None:
        _Present.world.logged("keys", keys)

    remove_keys = clear_state = set_correlation_id = append_keys


class _Metrics:
    def add_metric(self, name: str, unit: Any, value: float) -> None:
        _Present.world.measured(name, value)

    def add_dimension(self, **_: Any) -> None: ...

    def add_metadata(self, key: str, value: Any) -> None:
        _Present.world.logged(key, value)

    def flush_metrics(self) -> None: ...


class _Tracer:
    provider: Final = SimpleNamespace(in_subsegment=lambda _name: nullcontext(_Tracer()))

    def capture_lambda_handler(self, *_: Any, **__: Any) -> Any:
        return lambda handler: handler

    def put_annotation(self, key: str, value: Any) -> None:
        _Present.world.logged(key, value)

    put_metadata = put_annotation


def _seconds() -> float:
    seconds: float = _Present.world.clock.time
    return seconds


def _now() -> datetime:
    return _Present.world.clock.utc_now()


def _uuid4() -> uuid.UUID:
    return uuid.UUID(int=_Present.world.ids.getrandbits(128), version=4)


def _new_id() -> str:
    return str(_uuid4())


def _sleep(seconds: float) -> None:
    _Present.world.sleep(seconds)


clients.dynamodb = _Client  # type: ignore[assignment]
clock.utc_now = _now
ids.new_id = _new_id
observability.logger = _Logger()  # type: ignore[assignment]
observability.metrics = _Metrics()  # type: ignore[assignment]
observability.measure_by = lambda *_: None
observability.tracer = _Tracer()  # type: ignore[assignment]
uuid.uuid4 = _uuid4
time.sleep = _sleep  # type: ignore[assignment]

from queries import read_your_writes  # noqa: E402 - after the patches, which its constants would otherwise keep

read_your_writes.REAL_CLOCK = read_your_writes.Clock(_seconds, _sleep)  # type: ignore[misc]

from commands import erase_customer as erasing  # noqa: E402
from commands import finish_erasures as finishing  # noqa: E402
from commands.handlers import create_customer, erase_customer, finish_erasures, update_customer  # noqa: E402
from events import store  # noqa: E402
from projections.handlers import project_customers, rebuild_control, rebuild_segment, verify_segment  # noqa: E402
from projections.maintenance import rate_limit  # noqa: E402
from queries.handlers import get_all_customers, get_customer, get_statistics, search_customers  # noqa: E402

# The clock and the pause of a bucket that is given neither.
rate_limit.TokenBucket.__init__.__defaults__ = (_seconds, _sleep)

HANDLERS: Final = SimpleNamespace(
    create=lambda event: create_customer.handle(event, None),
    update=lambda event: update_customer.handle(event, None),
    erase=lambda event: erase_customer.handle(event, None),
    finish=finish_erasures.handle,
    project=project_customers.handle,
    control=rebuild_control.handle,
    fill=rebuild_segment.handle,
    compare=verify_segment.handle,
    get=lambda event: get_customer.handle(event, None),
    list=lambda event: get_all_customers.handle(event, None),
    search=lambda event: search_customers.handle(event, None),
    statistics=lambda event: get_statistics.handle(event, None),
)


_FED: Final = tuple(project_customers.views)


@contextmanager
def broken(view: str) -> Iterator[None]:
    """While this runs, the projector cannot read the record of generations of a view."""

    def load() -> Generations:
        raise ReadTimeoutError(endpoint_url=view)

    views = project_customers.views
    project_customers.views = [
        replace(each, generations=_as_any(SimpleNamespace(load=load))) if each.view.name == view else each
        for each in views
    ]
    try:
        yield
    finally:
        project_customers.views = views


def _as_any(value: object) -> Any:
    return value


def _row_stores() -> list[Any]:
    """The read models of all handlers. Each remembers the shards of generations for the life of its process."""
    return [
        *(each.projector._read_model for each in _FED),
        *(
            each.rows
            for function in (rebuild_control, rebuild_segment, verify_segment)
            for each in function.views.values()
        ),
        get_customer.reader.rows,
        get_all_customers.reader.rows,
        search_customers.reader.rows,
        get_statistics.customers.rows,
        *(each.rows for each in get_statistics.views.values()),
    ]
