"""Which problems a function can answer with, found by following the names that it uses through the sources.

Too many rather than too few: a method is followed by its name alone, and nothing is known of values.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from local.environments import ROOT
from shared.http.problems import Problem

PACKAGES = ("shared", "events", "commands", "projections", "queries")
Place = tuple[str, str]


def kinds(parent: type[Problem] = Problem) -> Iterator[type[Problem]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds(kind)


KINDS = {kind.slug: kind for kind in kinds() if kind.__module__ == "shared.http.problems"}
_SLUGS = {kind.__name__: slug for slug, kind in KINDS.items()}


@dataclass
class Sources:
    """The functions' code.

    Attributes:
        functions: (module, name) -> a function or method.
        imports: (module, name) -> where the name comes from.
        methods: name -> every method of that name.
    """

    functions: dict[Place, ast.FunctionDef] = field(default_factory=dict)
    imports: dict[Place, Place] = field(default_factory=dict)
    methods: dict[str, set[Place]] = field(default_factory=dict)

    def read(self, module: str, tree: ast.Module) -> None:
        """Take in one module."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                self.imports |= {(module, name.asname or name.name): (node.module, name.name) for name in node.names}
            elif isinstance(node, ast.ClassDef):
                self._read_class(module, node)
        self.functions |= {(module, node.name): node for node in tree.body if isinstance(node, ast.FunctionDef)}

    def _read_class(self, module: str, owner: ast.ClassDef) -> None:
        for method in owner.body:
            if isinstance(method, ast.FunctionDef):
                place = (module, f"{owner.name}.{method.name}")
                self.functions[place] = method
                self.methods.setdefault(method.name, set()).add(place)

    def used(self, place: Place) -> Iterator[Place | str]:
        """What a function's body names: other functions, and problems by their slugs."""
        for node in (node for line in self.functions[place].body for node in ast.walk(line)):
            if isinstance(node, ast.Attribute):
                yield from self.methods.get(node.attr, ())
            elif isinstance(node, ast.Name):
                source = self.imports.get((place[0], node.id), (place[0], node.id))
                if source[0] == "shared.http.problems" and source[1] in _SLUGS:
                    yield _SLUGS[source[1]]
                elif source in self.functions:
                    yield source


@cache
def sources() -> Sources:
    found = Sources()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        found.read(".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text()))
    return found


def reachable(module: str, function: str) -> set[str]:
    """The slugs of all problems that a function names, or any function that it may call."""
    seen: set[Place | str] = {(module, function)}
    waiting: list[Place | str] = [(module, function)]
    while waiting:
        place = waiting.pop()
        if isinstance(place, tuple):
            fresh = set(sources().used(place)) - seen
            seen |= fresh
            waiting += fresh
    return {place for place in seen if isinstance(place, str)}
