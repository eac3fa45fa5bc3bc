"""Joins the commands to a stack: the local one by default, or any other by its name and the ambient credentials."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from events.dynamodb_store import DynamoDbEventStore
from events.store import EventStore
from local import outputs
from local.aws import session as local_session
from local.environments import STATE
from local.home import StackHome
from operations.errors import CannotDo
from operations.jobs.backfill.messages import Origin
from operations.jobs.failure_queue import FailureQueue
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import GenerationStore
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import ProgressStore
from projections.maintenance.rebuild import Pace, Rebuild
from projections.maintenance.redrive import Redrive
from projections.maintenance.verify import Verifier
from projections.projector import Projector
from projections.read_model import ReadModel
from publisher.bus import Bus
from publisher.event_bridge import EventBridgeBus
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from shared.runtime.clock import utc_now

MOST_WORKERS: Final = 64
_TIMEOUTS: Final[Mapping[str, Any]] = {"connect_timeout": 5, "read_timeout": 20, "tcp_keepalive": True}


@dataclass(frozen=True, slots=True)
class Stack:
    """All that the commands work with; tests put fakes here.

    Attributes:
        store: The event table.
        read_model: The read table.
        generations: The record of generations.
        progress: Checkpoints.
        count_events: About how many events there are.
        failures: What the projection's mapping gave up.
        unpublished: What the publisher could not publish, and what its mapping gave up.
        bus: Takes events for whoever listens.
        event_source: The published events' `source`.
        bus_arn: The bus's ARN.
        home: The local stack's home; None for any other stack.
        pause: Waits so many seconds.
        clock: Seconds that only go forward.
        now: The current instant, aware.
    """

    store: EventStore
    read_model: ReadModel
    generations: GenerationStore
    progress: ProgressStore
    count_events: Callable[[], int]
    failures: FailureQueue
    unpublished: FailureQueue
    bus: Bus
    event_source: str
    bus_arn: str
    home: StackHome | None = None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now

    @property
    def projector(self) -> Projector:
        """Writes rows."""
        return Projector(self.read_model, self.store.read, self.now)

    @property
    def publisher(self) -> Publisher:
        """Publishes events."""
        letters = SqsPublishFailures(self.unpublished.client, self.unpublished.address)
        return Publisher(self.bus, letters, self.event_source, self.pause)

    @property
    def origin(self) -> Origin:
        """Where the published events come from."""
        region, account = self.bus_arn.split(":")[3:5]
        return Origin(self.event_source, account, region)

    @property
    def verifier(self) -> Verifier:
        """Compares rows with events."""
        return Verifier(self.store, self.read_model, self.pause, self.now)

    @property
    def redrive(self) -> Redrive:
        """Brings parked customers back."""
        return Redrive(self.store, self.read_model, self.projector, self.generations)

    def rebuild(self, pace: Pace) -> Rebuild:
        """Fills a generation.

        Args:
            pace: How fast.
        """
        return Rebuild(self.store, self.projector, self.progress, self.generations, pace)


def connect(stack_name: str, home: str) -> Stack:
    """Join a stack.

    Args:
        stack_name: Of any stack that the ambient credentials reach; empty for the local one.
        home: The local stack's folder; empty for the developer's own.

    Raises:
        CannotDo: There is no such stack.
        StackError: The local stack does not run.
    """
    if stack_name:
        session = boto3.Session()
        return _joined(session, _outputs_of(session, stack_name), endpoint=None, home=None)
    local = StackHome.at(Path(home) if home else STATE)
    found = outputs.read(local)
    return _joined(local_session(), found, found["EndpointUrl"], local)


def _joined(session: boto3.Session, found: Mapping[str, str], endpoint: str | None, home: StackHome | None) -> Stack:
    proxies: Any = {"proxies": {}} if endpoint else {}
    retries: Any = {"mode": "standard", "total_max_attempts": 5}
    config = Config(**_TIMEOUTS, **proxies, retries=retries, max_pool_connections=MOST_WORKERS + 4)
    client = session.client("dynamodb", endpoint_url=endpoint, config=config)
    try:
        events, rows = found["EventTable"], found["ReadTable"]
        lost, unpublished = found["ProjectionFailureQueueUrl"], found["PublishFailureQueueUrl"]
        bus, bus_arn, source = found["EventBusName"], found["EventBusArn"], found["EventSource"]
    except KeyError as missing:
        raise CannotDo(f"The stack has no output {missing}: it is no customers stack, or an older one.") from None
    queues = session.client("sqs", endpoint_url=endpoint, config=config)
    return Stack(
        store=DynamoDbEventStore(client, events),
        read_model=DynamoDbReadModel(client, rows),
        generations=DynamoDbGenerations(client, rows),
        progress=DynamoDbProgress(client, rows),
        count_events=lambda: client.describe_table(TableName=events)["Table"]["ItemCount"],
        failures=FailureQueue(queues, lost),
        unpublished=FailureQueue(queues, unpublished),
        bus=EventBridgeBus(session.client("events", endpoint_url=endpoint, config=config), bus),
        event_source=source,
        bus_arn=bus_arn,
        home=home,
    )


def _outputs_of(session: boto3.Session, stack_name: str) -> Mapping[str, str]:
    try:
        [stack] = session.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as refused:
        if "does not exist" in str(refused):
            raise CannotDo(f"There is no stack {stack_name} in this account and region.") from None
        raise
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", ())}
