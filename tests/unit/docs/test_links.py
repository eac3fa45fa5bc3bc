"""The paths that pages name exist. Links and their anchors are checked by `make docs`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.environments import ROOT
from tests.unit.docs.pages import PAGES, Page

PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
ENDINGS = {".in", ".json", ".md", ".py", ".svg", ".toml", ".txt", ".yaml", ".yml"}
# Look like paths and are not.
# Scopes and media types, which look like paths.
SCOPES = {"customers/read", "customers/write", "application/json"}
# Made by the reader of docs/how-to/add-a-command.md.
EXAMPLES = {
    "CustomerRenamed.1.json",
    "commands/handlers/rename_customer.py",
    "commands/rename_customer.py",
    "create_customer.py",
}
# Written by commands, so they may be missing.
GENERATED = {
    ".local",
    ".local/answer.txt",
    ".local/cache",
    ".local/demo-user.json",
    ".local/logs/emulator.log",
    ".local/logs/mapping.log",
    ".local/mapping",
    ".local/outputs.json",
    ".local/pipeline/logs",
    ".local/site",
    ".local/site/index.html",
    ".local/stack.json",
    ".local/venvs",
    ".local/venvs/dev/bin/pre-commit",
    ".local/venvs/dev/bin/pytest",
}
TOP = {path.name for path in ROOT.iterdir()}


def looks_like_a_path(word: str) -> bool:
    return bool(PATH.fullmatch(word)) and ("/" in word or Path(word).suffix in ENDINGS) and word not in SCOPES


def paths(page: Page) -> Iterator[str]:
    for span in page.spans:
        yield from (word for word in span.split() if looks_like_a_path(word))
    for block in page.fences():
        yield from (word for word in block.split() if looks_like_a_path(word) and word.split("/")[0] in TOP)


def holds_something(path: Path) -> bool:
    return path.is_file() or any(inner.is_file() for inner in path.rglob("*"))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_exists(page: Page) -> None:
    assert [path for path in paths(page) if path not in GENERATED | EXAMPLES and not holds_something(ROOT / path)] == []


def test_the_list_of_generated_paths_is_needed() -> None:
    assert {path for page in PAGES for path in (*paths(page), *page.spans)} >= GENERATED


def test_every_page_is_linked_from_some_page() -> None:
    linked = {(page.path.parent / link.partition("#")[0]).resolve() for page in PAGES for link in page.links}
    there = {page.path for page in PAGES}

    assert there - linked - {ROOT / "README.md"} == set()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_page_names_a_folder_of_somebody_s_machine(page: Page) -> None:
    assert re.findall(r"(?<![\w.])/(?:home|root|Users|tmp|work)/\S*", page.text) == []


def test_make_check_builds_the_site_and_fails_on_a_broken_link_or_anchor() -> None:
    makefile, settings = (ROOT / "Makefile").read_text(), (ROOT / "mkdocs.yml").read_text()
    [build] = re.findall(r"mkdocs build .*", makefile)
    [check] = re.findall(r"^check:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)

    assert "$(SITE)" in check
    # With --quiet, MkDocs neither shows nor counts warnings.
    assert build == "mkdocs build --strict"
    for kind in ("omitted_files", "absolute_links", "unrecognized_links", "anchors"):
        assert f"  {kind}: warn\n" in settings
