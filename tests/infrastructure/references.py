"""Dependencies between the resources of a CloudFormation template."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

Template = dict[str, Any]


def referred_to(value: Any) -> Iterator[str]:
    """Yield every logical id to which a value refers."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            yield from re.findall(r"\$\{(\w+)", text)
    for part in _parts(value):
        yield from referred_to(part)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def needs(template: Template) -> dict[str, set[str]]:
    """Map each resource to the resources that it depends on directly."""
    resources = template["Resources"]
    found = {}
    for name, resource in resources.items():
        explicit = resource.get("DependsOn", [])
        explicit = [explicit] if isinstance(explicit, str) else explicit
        found[name] = (set(referred_to(resource)) | set(explicit)) & set(resources) - {name}
    return found


def before(template: Template, name: str) -> set[str]:
    """Return everything that a resource depends on, directly or indirectly."""
    direct, seen, waiting = needs(template), set[str](), [name]
    while waiting:
        fresh = direct[waiting.pop()] - seen
        seen |= fresh
        waiting += fresh
    return seen
