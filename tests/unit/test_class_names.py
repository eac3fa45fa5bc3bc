"""One name, one class: a reader who searches for a name finds one definition."""

import ast
from collections import defaultdict
from typing import Final

from local.environments import ROOT

PACKAGES: Final = (
    "shared", "events", "commands", "projections", "publisher", "queries", "consumer_kit", "consumers", "contracts",
    "local", "operations", "pipeline", "scaffold", "benchmarks",
)  # fmt: skip


def test_no_class_name_is_defined_in_two_production_modules() -> None:
    modules = defaultdict(list)
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(path.relative_to(ROOT).as_posix())

    assert len(modules) > len(PACKAGES)
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}
