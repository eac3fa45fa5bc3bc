"""The README is short, and what it claims is explained and tested somewhere."""

import json
import re
import shlex
from datetime import date

import pytest

from commands.create_customer import CreateCustomer
from events.customer import Customer
from local.environments import ROOT
from shared.http.body import parse_body
from tests.unit.docs.pages import README, Page, names
from tests.unit.docs.promises import exists

MOST_WORDS = 900
# Lines that fit on a screen.
FIRST_SCREEN = 30
GUARANTEES = README.table("Guarantees", "")
LINK = re.compile(r"\]\(([^)#]+)")


def test_it_is_short() -> None:
    assert len(README.text.split()) <= MOST_WORDS


def test_the_first_command_is_on_the_first_screen() -> None:
    assert "$ make up" in README.text.splitlines()[:FIRST_SCREEN]


def test_the_picture_has_six_boxes_in_three_lanes() -> None:
    [picture] = README.fences("mermaid")

    assert len(re.findall(r"^ *subgraph ", picture, re.MULTILINE)) == 3
    assert len(set(re.findall(r"\b(\w+)[\[(]+[^\])]+[\])]+", picture)) - {"write", "read", "consumers"}) == 6


@pytest.mark.parametrize("row", GUARANTEES, ids=lambda row: row[1])
def test_each_guarantee_links_to_a_page_and_names_a_test(row: list[str]) -> None:
    [page], [test] = LINK.findall(row[1]), names(row[2])

    assert (ROOT / page).is_file()
    assert exists(test)


def test_the_guarantees_that_have_a_number_are_in_order() -> None:
    numbers = [row[0] for row in GUARANTEES if row[0]]

    assert numbers == [f"I{number}" for number in range(1, len(numbers) + 1)]


def test_every_folder_is_listed() -> None:
    folders = {f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name[0] not in "._"}
    listed = {name for row in README.table("Folders", "Path") for name in names(row[0])}

    assert folders <= listed
    assert [name for name in listed if not (ROOT / name).is_dir()] == []


def test_the_request_becomes_the_answer() -> None:
    [block] = [block for block in README.fences("sh") if "curl" in block]
    words = shlex.split(block.replace("$EMAIL", "ada@example.com"))
    command = parse_body(CreateCustomer, words[words.index("-d") + 1].encode(), {"today": date(2026, 5, 17)})
    [answer] = README.fences("http")
    head, _, body = answer.partition("\n\n")
    customer = Customer.model_validate_json(body)

    assert customer.document() == body.strip()
    assert customer.model_dump(include=set(CreateCustomer.model_fields)) == command.model_dump()
    assert f"Location: ./customers/{customer.id}" in head


@pytest.mark.parametrize("page", [README, Page(ROOT / "docs/start/first-requests.md")], ids=str)
def test_commands_to_paste_hold_nothing_of_an_earlier_run(page: Page) -> None:
    ids = {json.loads(block.partition("\n\n")[2])["id"] for block in page.fences("http") if '"id":' in block}

    assert ids
    assert not [block for block in page.fences("sh") for value in ids if value in block]
    assert not re.search(r"Consistency-Token: \w{20}", "".join(page.fences("sh")))
