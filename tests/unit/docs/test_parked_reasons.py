"""The table of reasons has each one that `parked` can show, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from local.environments import ROOT
from projections.row import RETURNING
from tests.unit.docs.pages import Page, names

PAGE: Final = Page(ROOT / "docs/how-to/repair-the-projection.md")
# The commands fold the newest event only; the projection folds them all.
WRITE_SIDE: Final = ROOT / "events/current.py"
# Exceptions whose text, or last argument, becomes a reason. `kind` is one of the first two.
RAISED: Final = {"UnreadableEvent", "NewerEvent", "kind", "OutOfOrder"}


def modules() -> Iterator[Path]:
    for folder in ("events", "projections"):
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if path != WRITE_SIDE)


def template(node: ast.expr) -> str | None:
    """A text, with `...` for each value in it; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
    return None


def reasons(tree: ast.AST) -> Iterator[str | None]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[*_, last]) if name in RAISED:
                yield template(last)
            case ast.Assign(targets=[ast.Name(id="reason")], value=value):
                yield template(value)
            case ast.ClassDef(name="RowRefused"):
                yield from (
                    template(call.args[0]) for call in ast.walk(node) if isinstance(call, ast.Call) and call.args
                )
            case ast.FunctionDef(name="park_reason"):
                yield from (
                    template(each.value) for each in ast.walk(node) if isinstance(each, ast.Return) and each.value
                )


def in_the_code() -> set[str]:
    found = {reason for path in modules() for reason in reasons(ast.parse(path.read_text())) if reason}
    return found | {RETURNING}


def test_every_reason_has_a_row_with_its_cause_and_its_fix() -> None:
    rows = PAGE.table("Parked customers", "Reason")

    assert sorted(names(row[0])[0] for row in rows) == sorted(in_the_code())
    assert all(cause and fix for _, cause, fix in rows)


def test_the_reasons_are_found_where_they_arise() -> None:
    assert {"unknown type", "the fold raised ...", "the read table refuses the row", "returning"} < in_the_code()
