"""The how-to page "Add a field", carried out on a copy of the project."""

import re
from pathlib import Path
from typing import Final

import pytest

from local.environments import ROOT
from tests.copies.project import Copy, copy_project
from tests.unit.docs.pages import Page

PAGE: Final = Page(ROOT / "docs/how-to/add-a-field.md")
MOST_FILES: Final = 12
# A change of a file that the text names, or commands: in the page's order.
_STEP: Final = re.compile(
    r"^`(?P<file>[^`\n]+)`:\n\n```diff\n(?P<diff>.*?)^```$|^```sh\n(?P<sh>.*?)^```$", re.MULTILINE | re.DOTALL
)


def apply(diff: str, file: Path) -> None:
    """Add the lines that begin with + where the other lines are, which must be in one place."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines)
    text = file.read_text()
    assert text.count(before) == 1, f"{file.name} has {before!r} {text.count(before)} times"
    file.write_text(text.replace(before, after))


def carry_out(page: Page, copy: Copy) -> list[str]:
    """Take every step of the page. Returns the blocks that were used."""
    used = []
    for step in _STEP.finditer(page.text):
        if step["sh"]:
            copy.run("sh", "-e", "-c", step["sh"])
        else:
            apply(step["diff"], copy.root / step["file"])
        used.append(step["sh"] or step["diff"])
    return used


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
    copy.run_unit_tests()
