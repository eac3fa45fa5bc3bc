"""docs/reference/command-line.md lists every command and option."""

import re

import pytest

from contracts.command_line import PAGE, rendered
from contracts.errors import ContractError
from operations.command_line import COMMANDS, GROUPS

TEXT = PAGE.read_text()


def test_the_page_is_up_to_date() -> None:
    assert rendered(TEXT) == TEXT, "docs/reference/command-line.md is out of date: run python -m contracts.command_line"


@pytest.mark.parametrize("old", ["--workers N` | number", "| list the parked customers and the reasons |"])
def test_a_change_by_hand_is_overwritten(old: str) -> None:
    assert old in TEXT
    assert rendered(TEXT.replace(old, "something else")) == TEXT


def test_every_command_has_a_heading() -> None:
    headings = re.findall(r"^##+ `(.+)`$", TEXT, re.MULTILINE)

    groups = [[group.name, *(f"{group.name} {step.name}" for step in group.steps)] for group in GROUPS]
    names = [command.name for command in COMMANDS] + [name for group in groups for name in group]
    assert headings == names


def test_a_command_without_a_part_is_reported_with_the_file_to_change() -> None:
    page = TEXT.replace("<!-- generated: rebuild abandon -->", "")

    with pytest.raises(ContractError, match=r"rebuild abandon\. Add or remove them in docs/reference/command-line\.md"):
        rendered(page)


def test_a_part_of_a_command_that_does_not_exist_is_reported() -> None:
    page = TEXT.replace("generated: verify -->", "generated: compare -->")

    with pytest.raises(ContractError, match="compare, verify"):
        rendered(page)
