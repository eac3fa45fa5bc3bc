"""Tests that pages name as `tests/.../test_x.py::test_name`."""

import ast
import re
from functools import cache
from typing import Final

from local.environments import ROOT

NAMED: Final = re.compile(r"tests/[\w/]+\.py::\w+")


@cache
def _tests_in(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def exists(test: str) -> bool:
    """Whether there is a test with this name in this file."""
    file, _, name = test.partition("::")
    return name.startswith("test_") and name in _tests_in(file)
