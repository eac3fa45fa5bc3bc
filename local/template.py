"""Reads `template.yml` as plain data."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import yaml

from local.environments import ROOT

TEMPLATE: Final = ROOT / "template.yml"


class _TemplateLoader(yaml.SafeLoader):
    """Reads `!Sub text` as {"Sub": "text"}, and so on."""


def _tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)}


_TemplateLoader.add_multi_constructor("!", _tagged)


def load_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """The template as plain data, in a new copy. `!Ref X` becomes {"Ref": "X"}."""
    return deepcopy(_parsed(path.read_text()))


def with_own_event_table(part: Any) -> Any:
    """A part of the template for a stack with an event table of its own, which no parameter replaces.

    Args:
        part: A result of `load_template`, or any part of it, also after SAM's transformation.
    """
    match part:
        case {"If": ["OwnsEventTable", own, _]} | {"Fn::If": ["OwnsEventTable", own, _]}:
            return own
        case dict():
            return {name: with_own_event_table(each) for name, each in part.items()}
        case list():
            return [with_own_event_table(each) for each in part]
        case _:
            return part


@cache
def _parsed(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.load(text, _TemplateLoader))  # noqa: S506 - a SafeLoader
