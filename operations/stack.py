"""Connects the commands to a stack: the local one, or one on AWS that the credentials in the environment can reach."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from events.erasures import ErasureLog, Erasures
from events.store import EventStore
from local import outputs
from local.aws import session as local_session
from local.environments import STATE
from local.home import StackHome
from operations.errors import CommandError
from operations.jobs.backfill.messages import Origin
from operations.jobs.claims.dynamodb_table import DynamoDbClaims
from operations.jobs.claims.table import ClaimsTable
from operations.jobs.claims.verifier import ClaimVerifier
from operations.jobs.failure_queue import FailureQueue
from operations.jobs.health.connection import health_source
from operations.jobs.health.readings import HealthSource
from operations.jobs.recovery.parameters import StackParameters
from operations.jobs.recovery.tables import RestorableTables
from operations.jobs.versions import VersionRegistry, functions_of
from projections.customers import CUSTOMERS
from projections.dynamodb_views import projector_of
from projections.generations import GenerationStore
from projections.maintenance.progress import ProgressStore
from projections.maintenance.rebuild import Pace, Rebuild
from projections.maintenance.redrive import Redrive
from projections.maintenance.stores import ViewStores, stores_of_views
from projections.maintenance.verify import Verifier
from projections.projector import Projector
from projections.read_model import RowStore
from projections.view import View
from projections.views import VIEWS, view_named
from publisher.bus import Bus
from publisher.cloud_event import FIRST_EPOCH
from publisher.event_bridge import EventBridgeBus
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from shared.runtime.clock import utc_now

MAX_WORKERS: Final = 64
_TIMEOUTS: Final[Mapping[str, Any]] = {"connect_timeout": 5, "read_timeout": 20, "tcp_keepalive": True}


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that the commands work with. Tests use fakes for its parts.

    Attributes:
        store: The event table.
        claims: The claims table.
        erasures: The notes of unfinished erasures.
        erasure_log: The log of all erasures.
        read_model: The rows of `view`.
        generations: The record of generations of `view`.
        progress: Checkpoints of long jobs, those on `view` among them.
        count_events: Returns the approximate number of events in the table.
        failures: The projection's failure queue: batches that its event source mapping gave up.
        unpublished: The publisher's failure queue: dead letters, and batches that its event source mapping gave up.
        bus: The event bus.
        event_source: The `source` of the published CloudEvents.
        bus_arn: The ARN of the event bus.
        versions: The published versions of the stack's functions.
        tables: The names of the stack's tables, by the output that names them.
        control: Restores and describes tables.
        parameters: The parameters of the stack.
        health: The state of its mappings, queues and alarms.
        view: The view that the commands work on.
        views: The stores of every other view, by name; see `for_view`.
        epoch: The epoch of the event table; see `publisher.cloud_event.cloud_event`.
        home: The local stack's folder; None for a stack on AWS.
        pause: Sleeps for a number of seconds.
        clock: Monotonic seconds.
        now: The current instant, with a time zone.
    """

    store: EventStore
    claims: ClaimsTable
    erasures: Erasures
    erasure_log: ErasureLog
    read_model: RowStore
    generations: GenerationStore
    progress: ProgressStore
    count_events: Callable[[], int]
    failures: FailureQueue
    unpublished: FailureQueue
    bus: Bus
    event_source: str
    bus_arn: str
    versions: VersionRegistry
    tables: Mapping[str, str]
    control: RestorableTables
    parameters: StackParameters
    health: HealthSource
    view: View = CUSTOMERS
    views: Mapping[str, ViewStores] = field(default_factory=dict)
    epoch: int = FIRST_EPOCH
    home: StackHome | None = None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now

    @property
    def is_local(self) -> bool:
        """Whether this is the local stack."""
        return self.home is not None

    def for_view(self, name: str) -> "Stack":
        """Return this stack with another view: its rows, its record of generations and its checkpoints.

        Raises:
            UnknownView: There is no view of this name.
        """
        if name == self.view.name:
            return self
        stores = self.views[view_named(name).name]
        own = ViewStores(self.view, self.read_model, self.generations, self.progress)
        return replace(
            self,
            view=stores.view,
            read_model=stores.rows,
            generations=stores.generations,
            progress=stores.progress,
            views={**self.views, self.view.name: own},
        )

    @property
    def every_view(self) -> "list[Stack]":
        """This stack with each view in turn, in the order of projection."""
        return [self.for_view(view.name) for view in VIEWS if view is self.view or view.name in self.views]

    def command(self, words: str) -> str:
        """Return a command on this view as it is typed in a shell.

        Args:
            words: The command and its options, without the program's name.
        """
        return f"make customers ARGS='{words}{self.view_option}'"

    @property
    def view_option(self) -> str:
        """The words that choose this view on the command line; empty for the customers' view."""
        return "" if self.view is CUSTOMERS else f" --view {self.view.name}"

    @property
    def projector(self) -> Projector:
        """Writes rows of the read table."""
        return projector_of(self.view, self.read_model, self.store, self.now)

    @property
    def publisher(self) -> Publisher:
        """Publishes events to the bus."""
        letters = SqsPublishFailures(self.unpublished.client, self.unpublished.address)
        return Publisher(self.bus, letters, self.event_source, self.pause, self.epoch)

    @property
    def origin(self) -> Origin:
        """The source, account and region of the published events."""
        region, account = self.bus_arn.split(":")[3:5]
        return Origin(self.event_source, account, region, self.epoch)

    @property
    def verifier(self) -> Verifier:
        """Compares rows with events, and repairs rows."""
        return Verifier(self.store, self.read_model, self.pause, self.now, self.view)

    @property
    def claim_verifier(self) -> ClaimVerifier:
        """Compares claims with events, and repairs claims."""
        return ClaimVerifier(self.store, self.claims, self.pause)

    @property
    def redrive(self) -> Redrive:
        """Redrives parked customers."""
        return Redrive(self.store, self.read_model, self.projector, self.generations, self.view)

    def rebuild(self, pace: Pace) -> Rebuild:
        """Return a rebuild that works at the given pace."""
        return Rebuild(self.store, self.projector, self.progress, self.generations, pace)


def connect(stack_name: str, home: str) -> Stack:
    """Connect to a stack.

    Args:
        stack_name: The CloudFormation stack on AWS; empty for the local stack.
        home: The local stack's folder; empty for `.local`.

    Raises:
        CommandError: The stack does not exist, or is not a customers stack.
        StackError: The local stack is not running.
    """
    if stack_name:
        session = boto3.Session()
        return _connected(session, _outputs_of(session, stack_name), endpoint=None, home=None)
    local = StackHome.at(Path(home) if home else STATE)
    found = outputs.read(local)
    return _connected(local_session(), found, found["EndpointUrl"], local)


def _connected(session: boto3.Session, found: Mapping[str, str], endpoint: str | None, home: StackHome | None) -> Stack:
    proxies: Any = {"proxies": {}} if endpoint else {}
    retries: Any = {"mode": "standard", "total_max_attempts": 5}
    config = Config(**_TIMEOUTS, **proxies, retries=retries, max_pool_connections=MAX_WORKERS + 4)
    client = session.client("dynamodb", endpoint_url=endpoint, config=config)
    try:
        events, claims, rows = found["EventTable"], found["ClaimsTable"], found["ReadTable"]
        erasures, erasure_log = found["ErasuresTable"], found["ErasureLogTable"]
        failures, unpublished = found["ProjectionFailureQueueUrl"], found["PublishFailureQueueUrl"]
        bus, bus_arn, source = found["EventBusName"], found["EventBusArn"], found["EventSource"]
        name = found["StackName"]
        epoch = int(found["Epoch"])
    except KeyError as missing:
        raise CommandError(
            f"The stack has no output {missing}: it is not a customers stack, or it runs an older version."
        ) from None
    queues = session.client("sqs", endpoint_url=endpoint, config=config)
    stacks = session.client("cloudformation", endpoint_url=endpoint, config=config)
    functions = session.client("lambda", endpoint_url=endpoint, config=config)
    log = DynamoDbErasureLog(client, erasure_log)
    views = stores_of_views(client, rows, events)
    customers = views[CUSTOMERS.name]
    return Stack(
        store=DynamoDbEventStore(client, events, claims, erasures),
        claims=DynamoDbClaims(client, claims, events),
        erasures=DynamoDbErasures(client, erasures, log),
        erasure_log=log,
        read_model=customers.rows,
        generations=customers.generations,
        progress=customers.progress,
        views=views,
        count_events=lambda: client.describe_table(TableName=events)["Table"]["ItemCount"],
        failures=FailureQueue(queues, failures),
        unpublished=FailureQueue(queues, unpublished),
        bus=EventBridgeBus(session.client("events", endpoint_url=endpoint, config=config), bus),
        event_source=source,
        bus_arn=bus_arn,
        versions=VersionRegistry(functions, lambda: functions_of(stacks, name)),
        epoch=epoch,
        tables={output: found[output] for output in found if output.endswith("Table")},
        control=RestorableTables(client),
        parameters=StackParameters(stacks, name),
        health=health_source(partial(session.client, endpoint_url=endpoint, config=config), found, home),
        home=home,
    )


def _outputs_of(session: boto3.Session, stack_name: str) -> Mapping[str, str]:
    try:
        [stack] = session.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as refused:
        if "does not exist" in str(refused):
            raise CommandError(f"There is no stack {stack_name} in this account and region.") from None
        raise
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", ())}
