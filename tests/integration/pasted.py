"""The blocks of a page that a reader pastes into a shell, and what the page says comes back."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.unit.docs.pages import Page

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SHELL = ("sh", "console", "bash", "shell")
_ANSWERS = ("http", "json")
_VARIABLE = re.compile(r"\d[\d,]*(\.\d+)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        page: The page's path in the project.
        commands: What is pasted.
        shown: What the page shows as its answer; empty if it shows nothing.
        language: The language of what is shown: `http`, `json` or `console`.
    """

    page: str
    commands: str
    shown: str = ""
    language: str = ""

    def __str__(self) -> str:
        return f"{self.page}: {self.commands.splitlines()[0]}"


def blocks(page: Page) -> Iterator[Block]:
    """The blocks of a page in their order. What follows a block directly is its answer."""
    found = [(language, _without(indent, body)) for indent, language, body in _FENCE.findall(page.text)]
    for (language, body), (next_language, next_body) in pairwise([*found, ("", "")]):
        if language not in _SHELL:
            continue
        if body.startswith("$ "):
            lines = body.splitlines()
            commands = "\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))
            shown = "\n".join(line for line in lines if not line.startswith("$ "))
            yield Block(str(page), commands, shown, "console")
        elif next_language in _ANSWERS:
            yield Block(str(page), body, next_body, next_language)
        else:
            yield Block(str(page), body)


def difference(block: Block, printed: str) -> str:
    """How what was printed differs from what the page shows, apart from ids, times and numbers; or an empty text."""
    match block.language:
        case "http":
            return _http_difference(block.shown, printed)
        case "json":
            return _json_difference(json.loads(block.shown), printed.strip().splitlines()[-1])
        case "console":
            missing = [line for line in _plain(block.shown) if line not in _plain(printed)]
            return f"These lines are missing: {missing}" if missing else ""
        case _:
            return ""


def _without(indent: str, body: str) -> str:
    return re.sub(f"^{indent}", "", body, flags=re.MULTILINE)


def _http_difference(shown: str, printed: str) -> str:
    head, _, body = shown.strip().partition("\n\n")
    printed_head, _, printed_body = printed.strip().partition("\n\n")
    status, *headers = head.splitlines()
    printed_status, *printed_headers = printed_head.splitlines()
    if status.split()[1] != printed_status.split()[1]:
        return f"{printed_status} instead of {status}"
    missing = _names(headers) - _names(printed_headers)
    if missing:
        return f"These headers are missing: {sorted(missing)}"
    return _json_difference(json.loads(body), printed_body) if body else ""


def _names(headers: list[str]) -> set[str]:
    return {line.partition(":")[0].lower() for line in headers}


def _json_difference(shown: Any, printed: str) -> str:
    try:
        answer = json.loads(printed)
    except ValueError:
        return f"This is not JSON: {printed[:500]}"
    return "" if _shape(shown) == _shape(answer) else f"The answer has another form: {printed[:500]}"


def _shape(value: Any) -> Any:
    """The members' names and the values' types, and every text that is the same in each run."""
    match value:
        case dict():
            return {name: each if name in ("type", "title", "status") else _shape(each) for name, each in value.items()}
        case list():
            return [_shape(each) for each in value]
        case _:
            return type(value).__name__


def _plain(text: str) -> list[str]:
    return [" ".join(_VARIABLE.sub("#", line).split()) for line in text.splitlines() if line.strip()]
