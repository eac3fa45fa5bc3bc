"""Reads YAML templates that use CloudFormation's short functions, such as `!Ref`."""

from typing import Any

import yaml

_WITHOUT_PREFIX = ("Ref", "Condition")


class _LongFormLoader(yaml.SafeLoader):
    """Reads short functions in their long form: `!Sub text` as {"Fn::Sub": "text"}."""


def parse(text: str) -> dict[str, Any]:
    """Parse a template into plain data that can be written as JSON."""
    content: dict[str, Any] = yaml.load(text, _LongFormLoader)  # noqa: S506 - a SafeLoader
    return content


def _long_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in _WITHOUT_PREFIX else f"Fn::{tag}"
    match node:
        case yaml.ScalarNode():
            text = loader.construct_scalar(node)
            return {name: text.split(".", 1) if tag == "GetAtt" else text}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case yaml.MappingNode():
            return {name: loader.construct_mapping(node, deep=True)}
        case _:
            raise TypeError(f"unknown YAML node: {node}")


_LongFormLoader.add_multi_constructor("!", _long_form)
