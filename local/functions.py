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


def all_names(outputs: Outputs) -> Mapping[str, str]:
    """Every function on the local AWS: label -> physical name.

    The stack's own are labelled with their logical id in the template, those of another stack with `stack/logical id`,
    and others with their name.
    """
    aws, own = LocalAws(outputs["EndpointUrl"]), names(outputs)
    unlabelled = {
        function["FunctionName"]
        for page in aws.functions.get_paginator("list_functions").paginate()
        for function in page["Functions"]
    } - set(own.values())
    if not unlabelled:
        return own
    others = {
        f"{stack}/{name}": physical_name
        for stack in _other_stacks(aws, outputs["StackName"])
        for name, physical_name in names({**outputs, "StackName": stack}).items()
    }
    by_hand = unlabelled - set(others.values())
    return {**own, **others, **{name: name for name in by_hand}}


def _other_stacks(aws: LocalAws, own: str) -> list[str]:
    pages = aws.cloudformation.get_paginator("describe_stacks").paginate()
    return [stack["StackName"] for page in pages for stack in page["Stacks"] if stack["StackName"] != own]


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
