"""The how-to page "Add a field", carried out on a copy of the project."""

from pathlib import Path
from typing import Final

import pytest

from local.environments import ROOT
from tests.copies.project import Copy, copy_project
from tests.copies.steps import carry_out
from tests.unit.docs.pages import Page

PAGE: Final = Page(ROOT / "docs/how-to/add-a-field.md")
MOST_FILES: Final = 12
KNOW_FIELDS: Final = tuple(
    f"tests/unit/{part}"
    for part in ("commands", "consumers", "contracts", "docs", "events", "projections", "publisher", "queries")
)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return copy_project(tmp_path)


def test_an_optional_field_takes_the_steps_on_the_page_and_no_more_than_twelve_files(copy: Copy) -> None:
    used = carry_out(PAGE, copy)

    assert sorted(used) == sorted([*PAGE.fences("diff"), *PAGE.fences("sh")])
    assert len(copy.touched()) <= MOST_FILES, copy.touched()
    # An optional field needs no new version of the published events.
    assert {name for name in copy.touched() if name.startswith("docs/events/")} == {
        "docs/events/CustomerCreated.1.json", "docs/events/CustomerUpdated.1.json", "docs/events/cloud-event.json",
    }  # fmt: skip
    copy.run_unit_tests(*KNOW_FIELDS)
