"""Derives the arrows of the wiring plan from the template: routes, permissions, mappings, rules and queues."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

Template = Mapping[str, Any]
Properties = Mapping[str, Any]

CLIENT: Final = "Client"
CODE_DEPLOY: Final = "CodeDeploy"
SCHEDULE: Final = "Schedule"
_READS: Final = {"BatchGetItem", "DescribeTable", "GetItem", "GetSecretValue", "Query", "Scan"}
_WRITES: Final = {"DeleteItem", "PartiQLInsert", "PartiQLUpdate", "PutEvents", "PutItem", "SendMessage", "UpdateItem"}
_INVOKES: Final = {"InvokeFunction"}


class Link(Enum):
    """What an arrow means. The value is Mermaid's notation."""

    DELIVERS = "-->"
    READS = "-.->"
    INVOKES = "==>"
    FAILS = "--x"


class Theme(Enum):
    """The diagram to which an arrow belongs. The value is its title."""

    REQUESTS = "Requests"
    EVENTS = "Events"
    REBUILD = "Rebuild"
    DEPLOYMENT = "Deployment"


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow between two resources, or between a resource and something outside the stack."""

    theme: Theme
    source: str
    target: str
    link: Link
    label: str = ""


def arrows(template: Template) -> list[Arrow]:
    """Return all arrows in the order of the template's resources, each once."""
    found = [
        arrow for name, resource in template["Resources"].items() for arrow in _of_resource(template, name, resource)
    ]
    return list(dict.fromkeys(found))


def _of_resource(template: Template, name: str, resource: Properties) -> Iterator[Arrow]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::Serverless::Api":
            yield Arrow(Theme.REQUESTS, CLIENT, name, Link.INVOKES, "HTTPS")
            for authorizer in properties["Auth"]["Authorizers"].values():
                yield Arrow(Theme.REQUESTS, name, _name_in(authorizer["UserPoolArn"]), Link.READS, "checks tokens")
        case "AWS::Serverless::Function":
            yield from _of_function(template, name, properties)
        case "AWS::Serverless::StateMachine":
            role = template["Resources"][_name_in(properties["Role"])]["Properties"]
            yield from _invocations(Theme.REBUILD, name, role)
        case "AWS::Lambda::EventSourceMapping":
            yield from _of_mapping(template, name, properties)
        case "AWS::Events::Rule":
            yield from _of_rule(name, properties)
        case "AWS::SQS::Queue" if redrive := properties.get("RedrivePolicy"):
            label = f"after {redrive['maxReceiveCount']} failures"
            yield Arrow(Theme.EVENTS, name, _name_in(redrive["deadLetterTargetArn"]), Link.FAILS, label)


def _of_function(template: Template, name: str, properties: Properties) -> Iterator[Arrow]:
    theme, failure_queues = _theme(template, name), set(_failure_queues(template))
    for event in properties.get("Events", {}).values():
        yield _of_event(name, event["Type"], event["Properties"])
    if hook := properties.get("DeploymentPreference", {}).get("Hooks", {}).get("PreTraffic"):
        label = f"before traffic to a new version of {name}"
        yield Arrow(Theme.DEPLOYMENT, CODE_DEPLOY, _name_in(hook), Link.INVOKES, label)
    yield from _invocations(theme, name, properties)
    used = set(_names_in(properties.get("Environment", {})))
    for resource, actions in _granted(properties).items():
        # Other permissions are those that Lambda needs for an event source mapping, which has arrows of its own.
        if resource in used:
            if actions & _WRITES:
                yield Arrow(theme, name, resource, Link.FAILS if resource in failure_queues else Link.DELIVERS)
            if actions & _READS:
                yield Arrow(theme, name, resource, Link.READS)


def _of_event(name: str, kind: str, properties: Properties) -> Arrow:
    match kind:
        case "Schedule":
            return Arrow(Theme.EVENTS, SCHEDULE, name, Link.INVOKES, properties["Schedule"])
        case "EventBridgeRule":
            label = ", ".join(properties["Pattern"]["detail-type"])
            return Arrow(Theme.EVENTS, _name_in(properties["EventBusName"]), name, Link.INVOKES, label)
        case _:
            label = f"{properties['Method']} {properties['Path']}"
            return Arrow(Theme.REQUESTS, _name_in(properties["RestApiId"]), name, Link.INVOKES, label)


def _invocations(theme: Theme, name: str, properties: Properties) -> Iterator[Arrow]:
    for resource, actions in _granted(properties).items():
        if actions & _INVOKES:
            yield Arrow(theme, name, resource, Link.INVOKES)


def _of_mapping(template: Template, name: str, properties: Properties) -> Iterator[Arrow]:
    source = properties["EventSourceArn"]
    label = "stream" if "StreamArn" in str(source) else "messages"
    function = _name_in(properties["FunctionName"])
    theme = _theme(template, function)
    yield Arrow(theme, _name_in(source), name, Link.DELIVERS, label)
    yield Arrow(theme, name, function, Link.INVOKES, f"batches of {properties['BatchSize']}")
    if failures := properties.get("DestinationConfig", {}).get("OnFailure"):
        yield Arrow(theme, name, _name_in(failures["Destination"]), Link.FAILS, "batches given up")


def _of_rule(name: str, properties: Properties) -> Iterator[Arrow]:
    yield Arrow(Theme.EVENTS, _name_in(properties["EventBusName"]), name, Link.DELIVERS, "events")
    for target in properties["Targets"]:
        yield Arrow(Theme.EVENTS, name, _name_in(target["Arn"]), Link.DELIVERS, "events")
        if dead_letters := target.get("DeadLetterConfig"):
            yield Arrow(Theme.EVENTS, name, _name_in(dead_letters["Arn"]), Link.FAILS, "undeliverable")


def _failure_queues(template: Template) -> Iterator[str]:
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        yield from _names_in(properties.get("DestinationConfig", {}))
        yield from _names_in(properties.get("RedrivePolicy", {}))


def _theme(template: Template, function: str) -> Theme:
    """Return the diagram of a function: by its routes, the hook or workflow that runs it, or else the events."""
    events = template["Resources"][function]["Properties"].get("Events", {})
    if any(event["Type"] == "Api" for event in events.values()):
        return Theme.REQUESTS
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        hook = properties.get("DeploymentPreference", {}).get("Hooks", {})
        if any(function in (name, *_run_by(template, name)) for name in _names_in(hook)):
            return Theme.DEPLOYMENT
        if function in _names_in(properties.get("DefinitionSubstitutions", {})):
            return Theme.REBUILD
    return Theme.EVENTS


def _run_by(template: Template, name: str) -> list[str]:
    """Return what a hook invokes and only a hook can reach: functions without an alias."""
    resources = template["Resources"]
    invoked = [each for each, actions in _granted(resources[name]["Properties"]).items() if actions & _INVOKES]
    return [each for each in invoked if "AutoPublishAlias" not in resources[each]["Properties"]]


def _granted(properties: Properties) -> dict[str, set[str]]:
    """Return the actions that the policies allow on each resource."""
    granted: dict[str, set[str]] = {}
    for policy in properties.get("Policies", ()):
        # A role of the template's own has named documents; a function's policies are documents.
        for statement in policy.get("PolicyDocument", policy)["Statement"]:
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            for resource in _names_in(statement["Resource"]):
                granted.setdefault(resource, set()).update(action.split(":")[1] for action in actions)
    return granted


def _name_in(value: Any) -> str:
    [name] = _names_in(value)
    return name


def _names_in(value: Any) -> list[str]:
    """Return the logical ids to which a part of the template refers, with aliases as their functions."""
    match value:
        case {"Ref": str(name)} | {"GetAtt": str(name)}:
            return [name.partition(".")[0].removesuffix("Aliaslive")]
        case {"Sub": str(text)}:
            return re.findall(r"\$\{(\w+)(?:\.\w+)*\}", text)
        case dict():
            return [name for part in value.values() for name in _names_in(part)]
        case list():
            return [name for part in value for name in _names_in(part)]
        case _:
            return []
