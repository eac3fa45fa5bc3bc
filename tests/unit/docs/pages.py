"""The project's pages as data: their code, tables and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from local.environments import ROOT

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_RULER = re.compile(r"[-| ]+")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    def fences(self, language: str = "") -> list[str]:
        """The contents of its fenced blocks, of one language or of all."""
        return fences(self.text, language)

    @cached_property
    def spans(self) -> list[str]:
        """The text in backticks in its prose."""
        return _SPAN.findall(self.prose)

    @cached_property
    def links(self) -> list[str]:
        """The targets of its links and images."""
        return [target for target in _LINK.findall(_SPAN.sub("", self.prose)) if "://" not in target]

    def section(self, heading: str) -> str:
        """The text between a heading and the next one of any level."""
        _, found, after = self.text.partition(f"# {heading}\n")
        assert found, f"{self} has no heading {heading!r}"
        return re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0]

    def table(self, heading: str, first_column: str) -> list[list[str]]:
        """The cells of a section's table, row by row, without its head.

        Args:
            heading: The heading of the section.
            first_column: The head of the first column, which identifies the table within the section.
        """
        lines = iter(self.section(heading).splitlines())
        assert any(line.startswith("|") and cells(line)[0] == first_column for line in lines), (
            f"{self}: no table {first_column!r}"
        )
        return list(_rows(lines))


def _rows(lines: Iterator[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        if not _RULER.fullmatch(line):
            yield cells(line)


def fences(text: str, language: str = "") -> list[str]:
    """The contents of the fenced blocks in a text."""
    return [body for _, name, body in _FENCE.findall(text) if language in ("", name)]


def cells(line: str) -> list[str]:
    """The cells of one line of a table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def names(cell: str) -> list[str]:
    """The text in backticks in a cell."""
    return _SPAN.findall(cell)


README = Page(ROOT / "README.md")
ARCHITECTURE = Page(ROOT / "docs/explanation/architecture.md")
CONSISTENCY = Page(ROOT / "docs/explanation/consistency.md")
GLOSSARY = Page(ROOT / "docs/explanation/glossary.md")
DEPLOY = Page(ROOT / "docs/how-to/deploy.md")
FIRST_REQUESTS = Page(ROOT / "docs/start/first-requests.md")
HTTP = Page(ROOT / "docs/reference/http.md")
LOCAL_STACK = Page(ROOT / "docs/reference/local-stack.md")
MAKE_TARGETS = Page(ROOT / "docs/reference/make-targets.md")
METRICS = Page(ROOT / "docs/reference/metrics.md")
SETTINGS = Page(ROOT / "docs/reference/settings.md")
TOKENS = Page(ROOT / "docs/how-to/get-a-token.md")
TOUR = Page(ROOT / "docs/start/tour.md")
ERASURE = Page(ROOT / "docs/explanation/erasure.md")
PROBLEMS = Page(ROOT / "docs/reference/problems/README.md")
DECISIONS = Page(ROOT / "docs/decisions/README.md")
PAGES = [Page(path) for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])]
