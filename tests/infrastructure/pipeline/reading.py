"""Helpers that read a synthesised template."""

import json
import re
from typing import Any

Properties = dict[str, Any]


def of_type(template: Properties, kind: str) -> dict[str, Properties]:
    """Return the resources of one type: logical id -> properties."""
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def the_only(template: Properties, kind: str) -> Properties:
    """Return the properties of the only resource of a type."""
    [found] = of_type(template, kind).values()
    return found


def statements(role: Properties) -> list[Properties]:
    """Return all statements of a role's policies."""
    assert "ManagedPolicyArns" not in role
    policies = [*role["Policies"], *role.get("Attached", [])]
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    """Wrap a single value in a list."""
    return value if isinstance(value, list) else [value]


def actions(role: Properties) -> set[str]:
    """Return every action that a role allows."""
    return {action for each in statements(role) for action in listed(each["Action"])}


def text(value: Any) -> str:
    """Write a value with intrinsic functions as text: `<Id.Arn>/*`."""
    match value:
        case {"Ref": name} | {"Fn::ImportValue": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Sub": str(written)}:
            return re.sub(r"\$\{([^}]+)\}", r"<\1>", written)
        case {"Fn::Join": [between, parts]}:
            return str(between).join(text(part) for part in parts)
        case str():
            return value
        case _:
            return json.dumps(value)


def in_account(value: Any) -> str:
    """Return an ARN with the pseudo parameters of an account filled in."""
    filled = text(value)
    for name, real in {"Partition": "aws", "Region": "eu-west-1", "AccountId": "123456789012"}.items():
        filled = filled.replace(f"<AWS::{name}>", real)
    return filled


def length_in_iam(value: Any) -> int:
    """Return the length of a policy as IAM counts it: functions resolved, without white space."""

    def resolved(part: Any) -> Any:
        match part:
            case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Sub": _} | {"Fn::Join": _}:
                return in_account(part)
            case dict():
                return {name: resolved(each) for name, each in part.items()}
            case list():
                return [resolved(each) for each in part]
            case _:
                return part

    return len(json.dumps(resolved(value), separators=(",", ":")))
