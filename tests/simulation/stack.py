"""The stack that simulated operators work with: the commands' own `Stack` over the simulated tables, queues and bus.

Importing this module lets the commands run their segments one after the other, because a world has one thread, and show
no progress.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event
from types import SimpleNamespace
from typing import Any, Final, Protocol

from botocore.exceptions import ReadTimeoutError

from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from operations.actions import backfill, rebuild, redrive_failures, verify
from operations.jobs import comparison, lost_batches, parked, unpublished
from operations.jobs import rebuild as rebuild_job
from operations.jobs.backfill import run as backfill_run
from operations.jobs.failure_queue import FailureQueue
from operations.jobs.meter import Meter, Reading
from operations.jobs.workers import ProgressTracker, Show, Step, _run_segment
from operations.stack import Stack
from projections.customers import CUSTOMERS
from projections.maintenance.progress import Progress
from projections.maintenance.stores import stores_of_views
from publisher.cloud_event import source_of
from tests.fakes.bus import FakeBus
from tests.simulation.clock import VirtualClock
from tests.simulation.database import Database
from tests.simulation.faults import Faults

FAILURES: Final = "https://sqs.eu-west-1.amazonaws.com/000000000000/failures"
_UNPUBLISHED: Final = "https://sqs.eu-west-1.amazonaws.com/000000000000/unpublished"
_BUS: Final = "arn:aws:events:eu-west-1:000000000000:event-bus/customers"
_LARGEST_MESSAGE: Final = 1_048_576


class Around(Protocol):
    """What the stack needs from its world."""

    client: Any
    clock: VirtualClock
    database: Database
    faults: Faults
    views: tuple[str, ...]

    def sleep(self, seconds: float) -> None: ...


class Queues:
    """SQS behind boto3's names.

    Attributes:
        messages: The bodies in each queue, by its URL and their receipt handles.
        consumers: Take the messages that are sent to a consumer's queue, by the queue's name.
    """

    meta = SimpleNamespace(region_name="eu-west-1", endpoint_url="https://sqs.eu-west-1.amazonaws.com")

    def __init__(self, faults: Faults, clock: VirtualClock) -> None:
        self.messages: dict[str, dict[str, str]] = {}
        self.consumers: dict[str, Callable[[str], None]] = {}
        self._hidden: set[str] = set()
        self._sent: dict[str, int] = {}
        self._numbers = count()
        self._faults = faults
        self._clock = clock

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803 - SQS's names
        handle = f"m-{next(self._numbers)}"
        self.messages.setdefault(QueueUrl, {})[handle] = MessageBody
        self._sent[handle] = int(self._clock.time * 1000)

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_: object) -> Any:  # noqa: N803
        waiting = [each for each in self.messages.get(QueueUrl, {}).items() if each[0] not in self._hidden]
        taken = waiting[:MaxNumberOfMessages]
        self._hidden |= {handle for handle, _ in taken}
        return {"Messages": [self._message(handle, body) for handle, body in taken]}

    def _message(self, handle: str, body: str) -> Any:
        sent = {"SentTimestamp": str(self._sent[handle])}
        return {"MessageId": handle, "ReceiptHandle": handle, "Body": body, "Attributes": sent}

    def change_message_visibility_batch(self, *, Entries: list[dict[str, Any]], **_: object) -> Any:  # noqa: N803
        self._hidden -= {entry["ReceiptHandle"] for entry in Entries if not entry["VisibilityTimeout"]}
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803 - SQS's names
        self.messages[QueueUrl].pop(ReceiptHandle, None)

    def get_queue_url(self, *, QueueName: str, **_: object) -> Any:  # noqa: N803 - SQS's name
        return {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/000000000000/{QueueName}"}

    def get_queue_attributes(self, *, QueueUrl: str, **_: object) -> Any:  # noqa: N803 - SQS's name
        waiting = len(self.messages.get(QueueUrl, {}))
        arn = f"arn:aws:sqs:eu-west-1:000000000000:{_name_of(QueueUrl)}"
        return {
            "Attributes": {
                "QueueArn": arn,
                "MaximumMessageSize": str(_LARGEST_MESSAGE),
                "ApproximateNumberOfMessages": str(waiting),
            }
        }

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: N803 - SQS's names
        if self._faults.happens("unsent_batch", self._faults.mix.calls):
            raise ReadTimeoutError(endpoint_url=QueueUrl)
        accepted = [entry for entry in Entries if not self._faults.happens("unsent_entry", self._faults.mix.partial)]
        for entry in accepted:
            self.consumers[_name_of(QueueUrl)](entry["MessageBody"])
        return {"Successful": [{"Id": entry["Id"]} for entry in accepted]}


def _name_of(url: str) -> str:
    return url.rpartition("/")[2]


def stack_of(world: Around, queues: Queues) -> Stack:
    """Build a world's stack."""
    client, sqs, nothing = world.client, _as_any(queues), _as_any(None)
    log = DynamoDbErasureLog(client, "erasure-log")
    stores = stores_of_views(client, "read", "events", world.sleep)
    views = {name: each for name, each in stores.items() if name in world.views}
    customers = views[CUSTOMERS.name]
    return Stack(
        store=DynamoDbEventStore(client, "events", pause=world.sleep),
        claims=nothing,
        erasures=DynamoDbErasures(client, "erasures", log),
        erasure_log=log,
        read_model=customers.rows,
        generations=customers.generations,
        progress=customers.progress,
        views=views,
        count_events=lambda: int(client.describe_table(TableName="events")["Table"]["ItemCount"]),
        failures=FailureQueue(sqs, FAILURES),
        unpublished=FailureQueue(sqs, _UNPUBLISHED),
        bus=FakeBus(),
        event_source=source_of("local"),
        bus_arn=_BUS,
        versions=nothing,
        tables={},
        control=nothing,
        parameters=nothing,
        health=nothing,
        pause=world.sleep,
        clock=world.clock.now,
        now=world.clock.utc_now,
    )


def _as_any(value: object) -> Any:
    return value


def give_up(queues: Queues, document: object) -> None:
    """Write a document about a batch that the mapping gave up into the projection's failure queue."""
    queues.send_message(QueueUrl=FAILURES, MessageBody=json.dumps(document))


def _one_after_the_other(tracker: ProgressTracker, step: Step, workers: int, meter: Meter, show: Show) -> Progress:
    """Stands in for `operations.jobs.workers.run_all`."""
    stop = Event()
    for segment in tracker.progress().segments:
        if not segment.done:
            _run_segment(segment, step, tracker, stop)
    return tracker.progress()


@contextmanager
def _nothing_shown(title: str, *, as_json: bool) -> Iterator[Any]:
    """Stands in for `operations.display.display`."""

    def show(reading: Reading) -> None: ...

    yield SimpleNamespace(show=show)


for _job in (comparison, rebuild_job, backfill_run, lost_batches, parked, unpublished):
    _job.run_all = _one_after_the_other  # type: ignore[attr-defined]
for _action in (rebuild, verify, backfill, redrive_failures):
    _action.display = _nothing_shown  # type: ignore[attr-defined]
