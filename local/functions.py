"""The stack's functions and their log lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local.aws import LocalAws
from local.outputs import Outputs


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a function logged.

    Attributes:
        at: Milliseconds since the epoch.
        function: The function's logical id in the template.
        stream: The log stream, one for each instance of the function.
    """

    at: int
    function: str
    text: str
    stream: str = ""


def names(outputs: Outputs) -> Mapping[str, str]:
    """The stack's functions: logical id in the template -> physical name."""
    cloudformation = LocalAws(outputs["EndpointUrl"]).cloudformation
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=outputs["StackName"])
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function" and "PhysicalResourceId" in resource
    }


def log_lines(aws: LocalAws, functions: Mapping[str, str], since: int) -> Iterator[LogLine]:
    """The log lines of some functions, function by function.

    Args:
        functions: As `names` returns them.
        since: Milliseconds since the epoch.
    """
    for name, physical_name in functions.items():
        try:
            pages = aws.logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{physical_name}", startTime=since
            )
            for event in (event for page in pages for event in page["events"]):
                yield LogLine(event["timestamp"], name, event["message"].rstrip(), event.get("logStreamName", ""))
        except aws.logs.exceptions.ResourceNotFoundException:
            continue  # the function has not run yet
