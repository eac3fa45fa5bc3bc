"""Finds the mutants that mypy refuses, as `make check` does. mutmut runs this within its folder of mutated sources.

python -m tests.mutation.types mypy
"""

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

# These are about mutmut's own lines, or about style: a mistake that a person makes would not have them.
_NO_ERROR: Final = frozenset(
    {"ignore-without-code", "redundant-expr", "truthy-bool", "comparison-overlap", "no-any-return"}
)
_MUTANT: Final = "__mutmut_"
_ORIGINAL: Final = "_orig"


@cache
def _functions(path: Path) -> list[tuple[range, str]]:
    """The lines and the names of all functions of a mutated module."""
    return [
        (range(node.lineno, (node.end_lineno or 0) + 1), node.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and _MUTANT in node.name
    ]


def refused(report: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Select the errors within mutants that the original function does not have as well."""
    found = [(error, name) for error in report for name in _names_at(error)]
    original = {(error["file"], name, error["code"]) for error, name in found if name.endswith(_ORIGINAL)}
    for error, name in found:
        function = name.rpartition(_MUTANT)[0] + _MUTANT.rstrip("_") + _ORIGINAL
        if not name.endswith(_ORIGINAL) and (error["file"], function, error["code"]) not in original:
            yield error


def _names_at(error: dict[str, Any]) -> list[str]:
    if error["severity"] != "error" or error["code"] in _NO_ERROR:
        return []
    return [name for lines, name in _functions(Path(error["file"])) if error["line"] in lines][:1]


def main() -> int:
    """Print the errors as mypy does with `--output json`."""
    packages = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mutmut"]["source_paths"]
    names = [word for package in packages for word in ("-p", package)]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--output", "json", "--cache-dir", "../.mypy_cache", *names],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    for error in refused([json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]):
        print(json.dumps(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
