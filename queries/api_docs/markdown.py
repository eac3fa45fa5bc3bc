"""Turns the pages of docs/reference/problems into HTML: the part of Markdown that they use, and nothing else."""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

_FENCE: Final = "```"
_INLINE: Final = re.compile(r"`(?P<code>[^`]+)`|\[(?P<label>[^\]]+)\]\((?P<target>[^)]+)\)")
_PROBLEM: Final = re.compile(r"([a-z-]+|README)\.md")


def title_of(text: str) -> str:
    """The page's first heading."""
    return text.partition("\n")[0].removeprefix("# ")


def rendered(text: str, docs: str) -> str:
    """Return a page as HTML.

    Headings, paragraphs, tables, fenced code, code and links are known. A link to another problem
    leads to its page; of any other link the label stays, because a stack serves no other pages.

    Args:
        docs: The address of the documentation, relative to the page's, with a slash at the end.
    """
    return "\n".join(_block(kind, lines, docs) for kind, lines in _blocks(text))


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """The blocks of a text with their kinds."""
    fenced = False
    kinds: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith(_FENCE):
            fenced = not fenced
            kinds.append(("", ""))
        elif fenced:
            kinds.append(("code", line))
        else:
            kinds.append((_kind_of(line), line))
    for kind, group in groupby(kinds, lambda pair: pair[0]):
        if kind:
            yield kind, [line for _, line in group]


def _kind_of(line: str) -> str:
    if not line.strip():
        return ""
    return {"#": "heading", "|": "table"}.get(line[0], "paragraph")


def _block(kind: str, lines: list[str], docs: str) -> str:
    match kind:
        case "heading":
            return "\n".join(_heading(line, docs) for line in lines)
        case "table":
            return _table(lines, docs)
        case "code":
            return f"<pre><code>{escape(chr(10).join(lines))}</code></pre>"
        case _:
            return f"<p>{_inline(' '.join(lines), docs)}</p>"


def _heading(line: str, docs: str) -> str:
    marks, _, text = line.partition(" ")
    return f"<h{len(marks)}>{_inline(text, docs)}</h{len(marks)}>"


def _table(lines: list[str], docs: str) -> str:
    """The second line is the ruler below the head. An empty head means that the first column names the rows."""
    head, _, *body = [[_inline(cell.strip(), docs) for cell in line.strip().strip("|").split("|")] for line in lines]
    if any(head):
        titles = "".join(f'<th scope="col">{cell}</th>' for cell in head)
        rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in body)
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in body)
    return f"<table><tbody>{rows}</tbody></table>"


def _inline(text: str, docs: str) -> str:
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[end : found.start()]), _span(found, docs)]
        end = found.end()
    return "".join(parts) + escape(text[end:])


def _span(found: re.Match[str], docs: str) -> str:
    if code := found["code"]:
        return f"<code>{escape(code)}</code>"
    label = _inline(found["label"], docs)
    problem = _PROBLEM.fullmatch(found["target"])
    if not problem:
        return label
    path = "problems" if problem[1] == "README" else f"problems/{problem[1]}"
    return f'<a href="{escape(docs)}{path}">{label}</a>'
