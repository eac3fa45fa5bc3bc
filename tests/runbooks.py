"""The runbooks as data: their parts, and the commands that they tell an operator to paste."""

import re
import shlex
from collections.abc import Iterator
from textwrap import dedent
from typing import Final

from local.environments import ROOT
from tests.unit.docs.pages import Page

FOLDER: Final = ROOT / "docs/runbooks"
SEES, MEANS, LOOK, DO, OVER = (
    "What you see", "What it means for customers", "Look", "Do", "How you know that it is over",
)  # fmt: skip
PARTS: Final = (SEES, MEANS, LOOK, DO, OVER)
PAGES: Final = {path.stem: Page(path) for path in sorted(FOLDER.glob("*.md")) if path.stem != "README"}
_ASSIGNMENT: Final = re.compile(r"[A-Z_]+=\$\((?P<command>[a-z].*)\)|[A-Z_]+=\$\(\(.*\)\)")
_VARIABLE: Final = re.compile(r"\$(?:\{[A-Z_]+(?:##\*\|)?\}|[A-Z_]+)")
_NOW: Final = "1795835365"
_ANY_VALUE: Final = "6ddbbc14-d8a7-4af8-8bae-79138a1a6ed7"
_VALUES: Final = {
    "$(date +%s)": _NOW,
    "${SINCE}": _NOW,
    "$SINCE": _NOW,
    "$METRIC": "ReadThrottleEvents",
    "$OTHERS": "ParameterKey=Stage,UsePreviousValue=true",
}
_LOOP: Final = re.compile(r"for [A-Z]+ in [^;]+; do|done")


def blocks(page: str, part: str) -> list[str]:
    """What a part of a page tells to paste, block by block."""
    return [dedent(block) for block in PAGES[page].section(part).split("```sh\n")[1:] for block in [_inside(block)]]


def commands(block: str) -> Iterator[list[str]]:
    """The words of each command in a block, also in assignments and loops. Values of variables are made up.

    Raises:
        ValueError: A line has a quote that does not end.
    """
    for line in block.replace("\\\n", " ").splitlines():
        text = line.strip()
        if not text or _LOOP.fullmatch(text):
            continue
        assigned = _ASSIGNMENT.fullmatch(text)
        if assigned is None:
            yield shlex.split(_with_values(text))
        elif command := assigned["command"]:
            yield shlex.split(_with_values(command))


def _inside(block: str) -> str:
    return re.split(r"^ *```$", block, maxsplit=1, flags=re.MULTILINE)[0]


def _with_values(text: str) -> str:
    for name, value in _VALUES.items():
        text = text.replace(name, value)
    return _VARIABLE.sub(_ANY_VALUE, text)
