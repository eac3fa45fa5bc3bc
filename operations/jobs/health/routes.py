"""The event bus of the stack and the rules that deliver its events.

CloudFormation does not bring back what was deleted by hand, and a missing bus accepts events and drops them.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from operations.jobs.health.readings import RouteReading

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_events import EventBridgeClient

DELETED: Final = "deleted"
ENABLED: Final = "ENABLED"
_BUS: Final = "AWS::Events::EventBus"
_RULE: Final = "AWS::Events::Rule"


def route_readings(
    stacks: "CloudFormationClient", events: "EventBridgeClient", stack_name: str, bus: str
) -> Iterator[RouteReading]:
    """Read the state of the bus and the rules of a stack.

    Args:
        bus: The name of the stack's bus, where its rules are, unless they are on the default bus.
    """
    pages = stacks.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    resources = [each for page in pages for each in page["StackResourceSummaries"]]
    for each in sorted(resources, key=lambda each: (each["ResourceType"], each["LogicalResourceId"])):
        name, physical = each["LogicalResourceId"], each.get("PhysicalResourceId", "")
        if each["ResourceType"] == _BUS:
            yield RouteReading(name, _state_of_bus(events, bus))
        elif each["ResourceType"] == _RULE:
            # CloudFormation calls a rule on another bus than the default one `bus|rule`.
            yield RouteReading(name, _state_of_rule(events, physical.rpartition("|")[2], bus))


def _state_of_bus(events: "EventBridgeClient", name: str) -> str:
    try:
        events.describe_event_bus(Name=name)
    except events.exceptions.ResourceNotFoundException:
        return DELETED
    return ENABLED


def _state_of_rule(events: "EventBridgeClient", name: str, bus: str) -> str:
    for place in ({"EventBusName": bus}, {}):
        where: Any = place
        try:
            return events.describe_rule(Name=name, **where)["State"]
        except events.exceptions.ResourceNotFoundException:
            continue
    return DELETED
