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


@cache
def _parsed(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.load(text, _TemplateLoader))  # noqa: S506 - a SafeLoader
