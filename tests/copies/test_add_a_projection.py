"""The how-to page "Add a projection", carried out on a copy of the project."""

from pathlib import Path
from typing import Final

import pytest

from local.environments import ROOT
from tests.copies.project import Copy, copy_project
from tests.copies.steps import carry_out
from tests.unit.docs.pages import Page

PAGE: Final = Page(ROOT / "docs/how-to/add-a-projection.md")
MOST_LINES: Final = 80
WRITTEN: Final = {"docs/openapi.json", "docs/reference/command-line.md"}
KNOW_VIEWS: Final = (
    "tests/unit/contracts",
    "tests/unit/operations/test_views.py",
    "tests/unit/projections",
    "tests/unit/queries/test_get_statistics.py",
)
BY_HAND: Final = {"projections/decades.py", "projections/views.py", "tests/unit/projections/test_decades.py"}


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return copy_project(tmp_path)


def test_a_third_view_is_one_file_and_one_line_of_registration(copy: Copy) -> None:
    used = carry_out(PAGE, copy)

    assert sorted(used) == sorted([*PAGE.fences("diff"), *PAGE.fences("sh")])
    assert set(copy.touched()) <= BY_HAND | WRITTEN, copy.touched()
    assert len((copy.root / "projections/decades.py").read_text().splitlines()) <= MOST_LINES
    assert '"decades"' in (copy.root / "docs/openapi.json").read_text()
    copy.run_unit_tests(*KNOW_VIEWS)


def test_the_worked_example_is_as_short(copy: Copy) -> None:
    assert len((copy.root / "projections/countries.py").read_text().splitlines()) <= MOST_LINES
