"""The tour quotes the files as they are."""

import re
import textwrap

import pytest

from local.environments import ROOT
from tests.unit.docs.pages import TOUR, fences

# A heading with a file, and what the tour says of it.
STOPS = re.findall(r"^### (\d+)\. `([^`]+)`\n(.*?)(?=^##|\Z)", TOUR.text, re.MULTILINE | re.DOTALL)
EXCERPTS = [
    (path, excerpt) for _, path, text in STOPS for language in ("python", "yaml") for excerpt in fences(text, language)
]


def test_the_stops_are_numbered_and_exist() -> None:
    assert [int(number) for number, _, _ in STOPS] == list(range(1, len(STOPS) + 1))
    assert [path for _, path, _ in STOPS if not (ROOT / path).is_file()] == []


def test_every_excerpt_belongs_to_a_stop() -> None:
    assert len(EXCERPTS) == len(TOUR.fences("python")) + len(TOUR.fences("yaml"))


@pytest.mark.parametrize(("path", "excerpt"), EXCERPTS, ids=[path for path, _ in EXCERPTS])
def test_an_excerpt_is_in_its_file(path: str, excerpt: str) -> None:
    assert (
        textwrap.dedent(excerpt) in textwrap.dedent((ROOT / path).read_text()) or excerpt in (ROOT / path).read_text()
    )


def test_a_function_named_at_a_stop_is_in_a_file_named_there() -> None:
    for _, path, text in STOPS:
        named = [path, *re.findall(r"`([\w/]+\.py)`", text)]
        code = "".join((ROOT / file).read_text() for file in named)
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for name in re.findall(r"`([a-z]+(?:_[a-z]+)*)`", prose):
            assert re.search(rf"\b{name}\b", code), (path, name)
