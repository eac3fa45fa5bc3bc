"""Evaluates a transformed template as CloudFormation does: parameters, conditions and intrinsic functions."""

import re
from collections.abc import Mapping
from typing import Any

Template = dict[str, Any]
_NONE = {"Ref": "AWS::NoValue"}


class Evaluation:
    """A template with the values of its parameters.

    Args:
        template: After SAM's transformation.
        parameters: Values that differ from the defaults.
    """

    def __init__(self, template: Template, parameters: Mapping[str, str]) -> None:
        self._template = template
        defaults = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
        self._parameters = defaults | dict(parameters)

    def resources(self, kind: str) -> dict[str, Template]:
        """Logical id -> evaluated properties of the resources of a type that are created."""
        return {
            name: self.value(each.get("Properties", {}))
            for name, each in self._template["Resources"].items()
            if each["Type"] == kind and self.holds_for(each)
        }

    def created(self) -> dict[str, Template]:
        """Logical id -> resource, for every resource whose condition holds."""
        return {name: each for name, each in self._template["Resources"].items() if self.holds_for(each)}

    def holds_for(self, part: Template) -> bool:
        """Whether a resource or an output is created."""
        return "Condition" not in part or self.holds(part["Condition"])

    def holds(self, condition: str) -> bool:
        """Whether a condition is true."""
        return bool(self._test(self._template["Conditions"][condition]))

    def _test(self, test: Any) -> bool:
        match test:
            case {"Condition": name}:
                return self.holds(name)
            case {"Fn::Equals": [left, right]}:
                return str(self.value(left)) == str(self.value(right))
            case {"Fn::Not": [inner]}:
                return not self._test(inner)
            case {"Fn::And": tests}:
                return all(map(self._test, tests))
            case {"Fn::Or": tests}:
                return any(map(self._test, tests))
        # The template has no other kinds. A new one must fail here instead of counting as false.
        raise NotImplementedError(test)

    def value(self, value: Any) -> Any:
        """Evaluate a value. A reference to a resource becomes its logical id and its name."""
        match value:
            case {"Ref": name}:
                found: Any = self._named(name)
            case {"Fn::GetAtt": [name, attribute]}:
                found = f"{self._named(name)}.{attribute}"
            case {"Fn::If": [condition, yes, no]}:
                found = self.value(yes if self.holds(condition) else no)
            case {"Fn::Sub": [text, values]}:
                found = self._substituted(text, values)
            case {"Fn::Sub": text}:
                found = self._substituted(text, {})
            case dict():
                found = {name: self.value(each) for name, each in value.items() if not self._left_out(each)}
            case list():
                found = [self.value(each) for each in value if not self._left_out(each)]
            case _:
                found = value
        return found

    def _left_out(self, value: Any) -> bool:
        match value:
            case {"Fn::If": [condition, yes, no]}:
                return self._left_out(yes if self.holds(condition) else no)
        return bool(value == _NONE)

    def _substituted(self, text: str, values: Template) -> str:
        def found(match: re.Match[str]) -> str:
            name, _, attribute = match[1].partition(".")
            value = self.value(values[name]) if name in values else self._named(name)
            return f"{value}.{attribute}" if attribute else str(value)

        return re.sub(r"\$\{([^!}]+)\}", found, text)

    def _named(self, name: str) -> str:
        if name in self._parameters:
            return self._parameters[name]
        resource = self._template["Resources"].get(name, {})
        assert self.holds_for(resource), f"{name} is referred to and not created"
        properties = resource.get("Properties", {})
        own = [str(self.value(properties[key])) for key in ("Name", "QueueName", "TableName") if key in properties]
        return ":".join([name, *own])
