"""Reads templates that are written in YAML with CloudFormation's short functions."""

from typing import Any

import yaml

_WITHOUT_PREFIX = ("Ref", "Condition")


class _Loader(yaml.SafeLoader):
    """Reads `!Sub text` as {"Fn::Sub": "text"}, and so on, as JSON has it."""


def parse(text: str) -> dict[str, Any]:
    """A template as plain data, which may be written as JSON."""
    content: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    return content


def _long(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
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
            raise TypeError(f"No such node: {node}")


_Loader.add_multi_constructor("!", _long)
