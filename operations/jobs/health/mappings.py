"""The stack's event source mappings as AWS reports them.

Lambda does not say where a mapping is in its stream, and a third reader of the stream would slow both mappings down. So
the lag is what the mapping's last invocation reported: its seconds are Lambda's `IteratorAge`, and its events are
`EventsBehind`, which the projector counts in each batch, at most a full batch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from operations.jobs.health.queues import messages_in
from operations.jobs.health.readings import MappingReading

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationResponseTypeDef as Settings
    from mypy_boto3_sqs import SQSClient

# How far back the newest value of a metric is looked for.
WINDOW: Final = timedelta(minutes=5)
# The mapping whose function counts what its rows lack.
PROJECTION: Final = "ProjectCustomersMapping"
NAMESPACE: Final = "CustomersApi"
SERVICE: Final = "customers"
_STOPPED: Final = frozenset({"Disabled", "Disabling", "Deleting"})
# API reference, "EventSourceMappingConfiguration": what the last attempt ended in, if not in `OK`.
_TROUBLE: Final = "PROBLEM"


@dataclass(frozen=True, slots=True)
class MappingClients:
    """The services that know about a stack's mappings."""

    stacks: "CloudFormationClient"
    functions: "LambdaClient"
    queues: "SQSClient"
    metrics: Any


def mapping_ids(stacks: "CloudFormationClient", stack_name: str) -> dict[str, str]:
    """Return the ids of a stack's event source mappings by their logical ids, in alphabetical order."""
    pages = stacks.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    found = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::Lambda::EventSourceMapping" and "PhysicalResourceId" in each
    }
    return dict(sorted(found.items()))


def mapping_readings(
    clients: MappingClients, stack_name: str, stage: str, now: Callable[[], datetime]
) -> Iterator[MappingReading]:
    """Read the state and the lag of each mapping of a stack on AWS.

    Args:
        stage: Value of the parameter `Stage`, a dimension of the stack's own metrics.
    """
    for name, uuid in mapping_ids(clients.stacks, stack_name).items():
        settings = settings_of(clients.functions, uuid)
        if settings is None:
            yield MappingReading(name, "deleted", works=False)
        elif ":sqs:" in settings["EventSourceArn"]:
            yield _with_age(reading_of_queue(name, settings, clients.queues), settings, clients.metrics, now())
        else:
            yield _reading_of_stream(name, settings, clients.metrics, stage, now())


def settings_of(functions: "LambdaClient", uuid: str) -> "Settings | None":
    """Return Lambda's settings of a mapping; None if it was deleted by hand."""
    try:
        return functions.get_event_source_mapping(UUID=uuid)
    except functions.exceptions.ResourceNotFoundException:
        return None


def reading_of_queue(name: str, settings: "Settings", queues: "SQSClient") -> MappingReading:
    """Read the state of a mapping of a queue, and how many messages wait in the queue."""
    queue = settings["EventSourceArn"].rpartition(":")[2]
    messages = messages_in(queues, queues.get_queue_url(QueueName=queue)["QueueUrl"])
    return replace(_state(name, settings), events=messages)


def _state(name: str, settings: "Settings") -> MappingReading:
    state, last = settings["State"], settings.get("LastProcessingResult", "")
    trouble = last if last.startswith(_TROUBLE) else ""
    return MappingReading(name, state, works=state not in _STOPPED, trouble=trouble)


def _with_age(reading: MappingReading, settings: "Settings", metrics: Any, now: datetime) -> MappingReading:
    queue = {"QueueName": settings["EventSourceArn"].rpartition(":")[2]}
    seconds = _newest(metrics, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue, now)
    return replace(reading, seconds=seconds)


def _reading_of_stream(name: str, settings: "Settings", metrics: Any, stage: str, now: datetime) -> MappingReading:
    function = settings["FunctionArn"].partition(":function:")[2].partition(":")[0]
    age = _newest(metrics, "AWS/Lambda", "IteratorAge", {"FunctionName": function}, now)
    events = None
    if name == PROJECTION:
        events = _newest(metrics, NAMESPACE, "EventsBehind", {"service": SERVICE, "stage": stage}, now)
    return replace(
        _state(name, settings),
        events=None if events is None else int(events),
        more=events is not None and events >= settings.get("BatchSize", 100),
        seconds=None if age is None else age / 1000,
    )


def _newest(client: Any, namespace: str, name: str, dimensions: dict[str, str], now: datetime) -> float | None:
    """The largest value in the newest minute that has any; None if there is no such minute in `WINDOW`."""
    metric: Any = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    answer = client.get_metric_data(
        MetricDataQueries=[{"Id": "newest", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}],
        StartTime=now - WINDOW,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    values = answer["MetricDataResults"][0]["Values"]
    return values[0] if values else None
