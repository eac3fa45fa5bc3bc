"""Connects the readings to a stack."""

from collections.abc import Callable, Mapping
from typing import Any

from local.home import StackHome
from operations.jobs.health.alarms import active_alarms
from operations.jobs.health.local_mappings import LocalMappings
from operations.jobs.health.mappings import MappingClients, mapping_readings
from operations.jobs.health.queues import queue_depths
from operations.jobs.health.readings import HealthSource, RouteReading
from operations.jobs.health.routes import route_readings
from shared.runtime.clock import utc_now

# A service -> its client.
ClientOf = Callable[[str], Any]


def health_source(client: ClientOf, outputs: Mapping[str, str], home: StackHome | None) -> HealthSource:
    """Read a stack. The clients of its services are created when they are needed.

    Args:
        outputs: The stack's outputs.
        home: The local stack's folder; None for a stack on AWS.
    """
    return _local(client, outputs, home) if home else _on_aws(client, outputs)


def _on_aws(client: ClientOf, outputs: Mapping[str, str]) -> HealthSource:
    # The bus is named after the stage, and the alarms after the bus.
    bus = outputs["EventBusName"]
    stage = bus.rpartition("-")[0]

    return HealthSource(
        mappings=lambda: list(mapping_readings(_mapping_clients(client), outputs["StackName"], stage, utc_now)),
        routes=lambda: _routes(client, outputs),
        queues=lambda: queue_depths(client("sqs"), outputs),
        alarms=lambda: active_alarms(client("cloudwatch"), f"{bus}-"),
    )


def _local(client: ClientOf, outputs: Mapping[str, str], home: StackHome) -> HealthSource:
    def mappings() -> LocalMappings:
        return LocalMappings(home, _mapping_clients(client), client("dynamodbstreams"))

    return HealthSource(
        mappings=lambda: list(mappings().readings(outputs["StackName"])),
        routes=lambda: _routes(client, outputs),
        queues=lambda: queue_depths(client("sqs"), outputs),
        alarms=list,
    )


def _routes(client: ClientOf, outputs: Mapping[str, str]) -> list[RouteReading]:
    stacks, events = client("cloudformation"), client("events")
    return list(route_readings(stacks, events, outputs["StackName"], outputs["EventBusName"]))


def _mapping_clients(client: ClientOf) -> MappingClients:
    return MappingClients(client("cloudformation"), client("lambda"), client("sqs"), client("cloudwatch"))
