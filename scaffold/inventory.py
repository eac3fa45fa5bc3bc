"""The names that a project uses, by which clashes with a new name are found. Pure: no files, no AWS."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

_LOGICAL_ID: Final = re.compile(r"^  ([A-Z]\w+):$", re.MULTILINE)
_RESOURCE_TYPE: Final = re.compile(r"\bAWS::(\w+)::(\w+)")
_CAMEL_WORD: Final = re.compile(r"[A-Z][a-z]+")


def clashes(sources: Mapping[str, str], rename: Callable[[str], str]) -> set[str]:
    """The names that would belong to two things after a renaming.

    Args:
        sources: Text by path, relative to the project's root.
        rename: From a name to what it will be.
    """
    paths = {("path", part) for path in sources for part in PurePosixPath(path).with_suffix("").parts}
    found = _clashes_in(paths, rename)
    for path, text in sources.items():
        found |= _clashes_in(set(_names(path, text)), rename)
    return found


def aws_words(sources: Mapping[str, str]) -> set[str]:
    """The lower-case words of the resource types that templates use, such as `function` and `bus`.

    Args:
        sources: Text by path.
    """
    types = [name for text in sources.values() for found in _RESOURCE_TYPE.findall(text) for name in found]
    return {word.lower() for name in types for word in _CAMEL_WORD.findall(name)}


def _clashes_in(names: set[tuple[str, str]], rename: Callable[[str], str]) -> set[str]:
    renamed = {(space, old): (space, rename(old)) for space, old in names}
    return {new[1] for old, new in renamed.items() if new != old and new in names}


def _names(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Pairs of namespace and name: an attribute does not clash with a variable."""
    if path.endswith(".py"):
        yield from _identifiers(ast.parse(text))
    elif path.endswith((".yml", ".yaml")):
        yield from (("resource", name) for name in _LOGICAL_ID.findall(text))


def _identifiers(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield "variable", name
            case ast.Name(id=name) | ast.arg(arg=name):
                yield "variable", name
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield "attribute", name
