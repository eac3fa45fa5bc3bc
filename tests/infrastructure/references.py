"""What a resource of a CloudFormation template needs before it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

Template = dict[str, Any]


def referred_to(value: Any) -> Iterator[str]:
    """Every logical name that a value mentions."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            yield from re.findall(r"\$\{(\w+)", text)
    for each in _inside(value):
        yield from referred_to(each)


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def needs(template: Template) -> dict[str, set[str]]:
    """Resource -> the resources that must be there before it."""
    resources = template["Resources"]
    found = {}
    for name, resource in resources.items():
        waits = resource.get("DependsOn", [])
        waits = [waits] if isinstance(waits, str) else waits
        found[name] = (set(referred_to(resource)) | set(waits)) & set(resources) - {name}
    return found


def before(template: Template, name: str) -> set[str]:
    """All that must be there before a resource, however indirectly."""
    direct, seen, waiting = needs(template), set[str](), [name]
    while waiting:
        fresh = direct[waiting.pop()] - seen
        seen |= fresh
        waiting += fresh
    return seen
