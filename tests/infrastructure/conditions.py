"""A template as CloudFormation sees it for given parameters: conditions evaluated, and what they leave out removed."""

from collections.abc import Mapping
from typing import Any

Template = dict[str, Any]


def applied(template: Template, **parameters: str) -> Template:
    """Return a template without conditions.

    Args:
        template: A result of `local.template.load_template`.
        **parameters: Values of parameters; the others have their defaults.
    """
    declared = template["Parameters"].items()
    values = {name: str(parameters.get(name, each.get("Default", ""))) for name, each in declared}
    conditions = template["Conditions"]
    return {
        section: {
            name: _resolved(each, conditions, values)
            for name, each in template[section].items()
            if "Condition" not in each or _holds({"Condition": each["Condition"]}, conditions, values)
        }
        for section in ("Resources", "Outputs")
    }


def _resolved(value: Any, conditions: Mapping[str, Any], parameters: Mapping[str, str]) -> Any:
    match value:
        case {"If": [name, then, otherwise]}:
            chosen = then if _holds({"Condition": name}, conditions, parameters) else otherwise
            return _resolved(chosen, conditions, parameters)
        case {"Ref": str(name)} if name in parameters:
            return parameters[name]
        case dict():
            return {name: _resolved(each, conditions, parameters) for name, each in value.items()}
        case list():
            return [_resolved(each, conditions, parameters) for each in value]
        case _:
            return value


def _holds(condition: Any, conditions: Mapping[str, Any], parameters: Mapping[str, str]) -> bool:
    match condition:
        case {"Condition": str(name)}:
            return _holds(conditions[name], conditions, parameters)
        case {"Equals": [one, other]}:
            left, right = (str(_resolved(each, {}, parameters)) for each in (one, other))
            return left == right
        case {"Not": [negated]}:
            return not _holds(negated, conditions, parameters)
        case {"And": parts}:
            return all(_holds(part, conditions, parameters) for part in parts)
        case {"Or": parts}:
            return any(_holds(part, conditions, parameters) for part in parts)
        case _:
            raise ValueError(f"a condition that this test does not know: {condition}")
