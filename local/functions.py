"""The stack's functions and what they log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local.aws import LocalAws
from local.outputs import Outputs


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a function logged.

    Attributes:
        at: Milliseconds since the epoch.
        function: The function's name in the template.
        text: The line.
        stream: Which of the function's instances logged it.
    """

    at: int
    function: str
    text: str
    stream: str = ""


def names(outputs: Outputs) -> Mapping[str, str]:
    """The stack's functions: name in the template -> name on AWS."""
    cloudformation = LocalAws(outputs["EndpointUrl"]).cloudformation
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=outputs["StackName"])
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function" and "PhysicalResourceId" in resource
    }


def log_lines(aws: LocalAws, functions: Mapping[str, str], since: int) -> Iterator[LogLine]:
    """What functions logged, function by function.

    Args:
        aws: The local AWS.
        functions: As `names` gives them.
        since: Milliseconds since the epoch.
    """
    for name, physical in functions.items():
        try:
            pages = aws.logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{physical}", startTime=since
            )
            for event in (event for page in pages for event in page["events"]):
                yield LogLine(event["timestamp"], name, event["message"].rstrip(), event.get("logStreamName", ""))
        except aws.logs.exceptions.ResourceNotFoundException:
            continue  # it has not run yet
