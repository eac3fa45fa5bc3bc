"""Fits the pages to MkDocs: navigation by folder, links to files outside `docs/`, and the indentation of lists.

A page links to `../../template.yml` as a Git host would follow it. The site has no such file, so each linked file is
added to it: Markdown as a page under `project/`, anything else as it is under `source/`.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = "docs"
# Title of a section -> its folder. The order is that of the navigation.
SECTIONS: Final = {
    "Start": "start",
    "How-to guides": "how-to",
    "Reference": "reference",
    "Explanation": "explanation",
    "Decisions": "decisions",
    "Runbooks": "runbooks",
    "Project": "project",
}
_LINK: Final = re.compile(r"(?<=\]\()([^)\s#]+)(?=(?:#[^)\s]*)?\))")
_ITEM: Final = re.compile(r"(?:[-*]|\d+\.) ")
_CODE: Final = re.compile(r"(^ *```.*?^ *```|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def on_files(files: Any, config: Any) -> Any:
    """Add what pages link to outside `docs/`, and arrange the navigation."""
    # Only the site's environment has MkDocs; the tests have not.
    from mkdocs.structure.files import File  # type: ignore[import-not-found]  # noqa: PLC0415

    waiting = [(f"{DOCS}/{file.src_uri}", file.content_string) for file in files.documentation_pages()]
    while waiting:
        path, text = waiting.pop()
        for target in _outside(path, text):
            place = _place(target)
            if (ROOT / target).is_file() and not files.get_file_from_path(place):
                files.append(File.generated(config, place, content=(ROOT / target).read_bytes()))
                if target.endswith(".md"):
                    waiting.append((target, (ROOT / target).read_text()))
    pages = sorted(file.src_uri for file in files.documentation_pages())
    config.nav = ["README.md", *({title: _tree(pages, folder)} for title, folder in SECTIONS.items())]
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links at where `on_files` put their targets; MkDocs then checks them like any other."""
    markdown = indented(markdown)
    origin = _origin(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        if "://" in link[1] or link[1].startswith("mailto:"):
            return link[1]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link[1]))
        return posixpath.relpath(_place(target), posixpath.dirname(page.file.src_uri) or ".")

    parts = _CODE.split(markdown)
    return "".join(part if _CODE.fullmatch(part) else _LINK.sub(moved, part) for part in parts)


def indented(markdown: str) -> str:
    """Indent what belongs to a list item by four spaces, as Python-Markdown requires.

    Git hosts accept the width of the marker: three spaces below `1.`, two below `-`.
    """
    lines, extra = [], 0
    for line in markdown.splitlines():
        if marker := _ITEM.match(line):
            extra = 4 - len(marker[0])
        elif line and not line.startswith(" "):
            extra = 0
        lines.append(" " * extra + line if extra > 0 and line.startswith(" ") else line)
    return "\n".join(lines) + "\n"


def _outside(path: str, text: str) -> Iterator[str]:
    for link in _LINK.findall(_CODE.sub("", text)):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
        if "://" not in link and not target.startswith(f"{DOCS}/"):
            yield target


def _place(target: str) -> str:
    """Where the site has a file of the repository."""
    if target.startswith(f"{DOCS}/"):
        return target.removeprefix(f"{DOCS}/")
    return f"project/{target}" if target.endswith(".md") else f"source/{target}"


def _origin(src_uri: str) -> str:
    """Where the repository has a page of the site; the opposite of `_place`."""
    return src_uri.removeprefix("project/") if src_uri.startswith("project/") else f"{DOCS}/{src_uri}"


def _tree(pages: list[str], folder: str) -> list[Any]:
    """The pages of a folder, an index first, each folder within it as a section of its own."""
    inside = [page for page in pages if page.startswith(f"{folder}/")]
    here = [page for page in inside if posixpath.dirname(page) == folder]
    below = sorted({page.split("/")[folder.count("/") + 1] for page in inside if page not in here})
    index = f"{folder}/README.md"
    ordered = [index, *(page for page in here if page != index)] if index in here else here
    return [*ordered, *({name.capitalize(): _tree(pages, f"{folder}/{name}")} for name in below)]
