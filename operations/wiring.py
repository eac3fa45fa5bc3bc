"""Joins the commands to a stack: the local one by default, or any other by its name and the ambient credentials."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_progress import DynamoDbProgress
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.generations import GenerationStore
from projections.progress import ProgressStore
from projections.projector import Projector
from projections.read_model import ReadModel
from projections.rebuild import Pace, Rebuild
from projections.redrive import Redrive
from projections.verify import Verifier
from shared.runtime.clock import utc_now

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST_WORKERS: Final = 64
_TIMEOUTS: Final[Mapping[str, Any]] = {"connect_timeout": 5, "read_timeout": 20, "tcp_keepalive": True}


@dataclass(frozen=True, slots=True)
class Tools:
    """All that the commands work with; tests put fakes here.

    Attributes:
        store: The event table.
        read_model: The read table.
        generations: The record of generations.
        progress: Checkpoints.
        count_events: About how many events there are.
        failures: Queues, for the failure queue.
        failure_queue: Its address.
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
    failures: "SQSClient"
    failure_queue: str
    home: StackHome | None = None
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now

    @property
    def projector(self) -> Projector:
        """Writes rows."""
        return Projector(self.read_model, self.store.read_recorded, self.now)

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


def tools_for(stack_name: str, home: str) -> Tools:
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


def _joined(session: boto3.Session, found: Mapping[str, str], endpoint: str | None, home: StackHome | None) -> Tools:
    proxies: Any = {"proxies": {}} if endpoint else {}
    retries: Any = {"mode": "standard", "total_max_attempts": 5}
    config = Config(**_TIMEOUTS, **proxies, retries=retries, max_pool_connections=MOST_WORKERS + 4)
    client = session.client("dynamodb", endpoint_url=endpoint, config=config)
    try:
        events, rows, queue = found["EventTable"], found["ReadTable"], found["ProjectionFailureQueueUrl"]
    except KeyError as missing:
        raise CannotDo(f"The stack has no output {missing}: it is no customers stack, or an older one.") from None
    return Tools(
        store=DynamoDbEventStore(client, events),
        read_model=DynamoDbReadModel(client, rows),
        generations=DynamoDbGenerations(client, rows),
        progress=DynamoDbProgress(client, rows),
        count_events=lambda: client.describe_table(TableName=events)["Table"]["ItemCount"],
        failures=session.client("sqs", endpoint_url=endpoint, config=config),
        failure_queue=queue,
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
