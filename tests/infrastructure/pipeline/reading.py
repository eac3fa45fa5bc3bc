"""Reads what a synthesised template says."""

import json
import re
from typing import Any

Properties = dict[str, Any]


def of_type(template: Properties, kind: str) -> dict[str, Properties]:
    """Logical id -> properties of the resources of one type."""
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def the_only(template: Properties, kind: str) -> Properties:
    """The properties of the one resource of a type."""
    [found] = of_type(template, kind).values()
    return found


def statements(role: Properties) -> list[Properties]:
    """All statements of a role's policies."""
    assert "ManagedPolicyArns" not in role
    policies = [*role["Policies"], *role.get("Attached", [])]
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    """One value or several as a list."""
    return value if isinstance(value, list) else [value]


def actions(role: Properties) -> set[str]:
    """Every action that a role allows."""
    return {action for each in statements(role) for action in listed(each["Action"])}


def text(value: Any) -> str:
    """A value with its intrinsic functions written out: `<Id.Arn>/*`."""
    match value:
        case {"Ref": name}:
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
    """An ARN as it is in an account of AWS."""
    filled = text(value)
    for name, real in {"Partition": "aws", "Region": "eu-west-1", "AccountId": "123456789012"}.items():
        filled = filled.replace(f"<AWS::{name}>", real)
    return filled


def as_long_as_in_iam(value: Any) -> int:
    """How many characters IAM counts of a policy: its functions resolved, without white space."""

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
