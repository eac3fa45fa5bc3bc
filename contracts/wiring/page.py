"""Renders the wiring plan as a Markdown page with Mermaid diagrams."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from contracts.wiring.graph import CLIENT, CODE_DEPLOY, SCHEDULE, Arrow, Link, Theme, arrows
from local.environments import ROOT

FILE: Final = ROOT / "docs/explanation/wiring.md"
# Resource type -> (what the legend calls it, Mermaid's notation of the shape).
SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "AWS::Serverless::Api": ("API", "[[{}]]"),
    "AWS::Serverless::Function": ("Lambda function", "[{}]"),
    "AWS::Serverless::StateMachine": ("Step Functions workflow", "({})"),
    "AWS::DynamoDB::Table": ("DynamoDB table", "[({})]"),
    "AWS::Lambda::EventSourceMapping": ("event source mapping", "([{}])"),
    "AWS::Events::EventBus": ("EventBridge bus", "{{{{{}}}}}"),
    "AWS::Events::Rule": ("EventBridge rule", ">{}]"),
    "AWS::SQS::Queue": ("SQS queue", "[/{}/]"),
    "AWS::Cognito::UserPool": ("Cognito user pool", "[/{}\\]"),
    "AWS::SecretsManager::Secret": ("secret", "[\\{}/]"),
}
_OUTSIDE: Final = "(({}))"
_MEANINGS: Final[Mapping[Link, str]] = {
    Link.DELIVERS: "writes or delivers",
    Link.READS: "reads",
    Link.INVOKES: "invokes",
    Link.FAILS: "hands over what failed",
}
_ABOUT: Final[Mapping[Theme, str]] = {
    Theme.REQUESTS: "What answers the API's calls, and what it reads and writes.",
    Theme.EVENTS: "How an event gets from the event table to the read table, to the bus and to the example consumer.",
    Theme.REBUILD: "What fills a new generation of the read table, verifies it and switches to it.",
    Theme.DEPLOYMENT: "What CodeDeploy runs before a new version receives traffic.",
}


def rendered(template: Mapping[str, Any]) -> str:
    """Return the whole page."""
    found = arrows(template)
    parts = [_INTRODUCTION, "## Legend\n", _diagram(_legend())]
    for theme in Theme:
        own = [arrow for arrow in found if arrow.theme is theme]
        parts += [f"## {theme.value}\n", f"{_ABOUT[theme]}\n", _diagram(_lines(template, own))]
    return "\n".join(parts)


def _diagram(lines: Iterator[str]) -> str:
    return "\n".join(["```mermaid", "flowchart LR", *(f"    {line}" for line in lines), "```", ""])


def _legend() -> Iterator[str]:
    for name, shape in dict.fromkeys([*SHAPES.values(), ("outside the stack", _OUTSIDE)]):
        yield f"{name.replace(' ', '-')}{shape.format(_quoted(name))}"
    for number, (link, meaning) in enumerate(_MEANINGS.items()):
        yield f'from{number}[" "] {link.value}|{_quoted(meaning)}| to{number}[" "]'


def _lines(template: Mapping[str, Any], own: Sequence[Arrow]) -> Iterator[str]:
    for name in dict.fromkeys(name for arrow in own for name in (arrow.source, arrow.target)):
        yield _node(template, name)
    for arrow in own:
        label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
        yield f"{arrow.source} {arrow.link.value}{label} {arrow.target}"


def _node(template: Mapping[str, Any], name: str) -> str:
    if name in (CLIENT, CODE_DEPLOY, SCHEDULE):
        return name + _OUTSIDE.format(_quoted(name))
    resource = template["Resources"][name]
    table = resource.get("Properties", {}).get("TableName", {}).get("Sub", "").replace("${", "{")
    _, shape = SHAPES[resource["Type"]]
    return name + shape.format(_quoted(f"{name}<br>{table}" if table else name))


def _quoted(text: str) -> str:
    return f'"{text}"'


_INTRODUCTION: Final = """\
<!-- `make contracts` writes this page from template.yml. Do not edit it. -->

# Wiring plan

Every resource that takes part in a request, an event, a rebuild or a deployment, and every connection between them, as
`template.yml` has them. A connection from a function to a table, a queue or a bus is a permission of its role. Keys,
logs, alarms and the firewall are left out. [Architecture](architecture.md) explains how the parts work together.
"""
