"""Every kind of problem has its page, and the page says what the code answers."""

import json
import re
from collections.abc import Iterator

import pytest

from shared.http.problems import FieldError, InvalidFields, Problem
from tests.unit.docs.pages import PROBLEMS, README, Page, names

FOLDER = PROBLEMS.path.parent


def kinds(parent: type[Problem] = Problem) -> Iterator[type[Problem]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds(kind)


KINDS = {kind.slug: kind for kind in kinds() if kind.__module__ == "shared.http.problems"}


def test_every_problem_has_a_page_and_every_page_a_problem() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == set(KINDS)


@pytest.mark.parametrize("slug", KINDS)
def test_a_page_says_what_the_code_answers(slug: str) -> None:
    page, kind = Page(FOLDER / f"{slug}.md"), KINDS[slug]
    attributes = {names(row[0])[0]: row[1] for row in page.table(kind.title, "")}

    assert attributes == {"type": f"`/docs/problems/{slug}`", "title": kind.title, "status": str(int(kind.status))}


@pytest.mark.parametrize("slug", KINDS)
def test_a_page_shows_an_answer_as_the_code_makes_it(slug: str) -> None:
    [shown] = map(json.loads, Page(FOLDER / f"{slug}.md").fences("json"))
    if errors := shown.get("errors"):
        problem: Problem = InvalidFields([FieldError(**error) for error in errors])
    else:
        problem = type(
            f"Shown{slug}", (Problem,), {"slug": slug, "title": KINDS[slug].title, "status": KINDS[slug].status}
        )(shown["detail"])

    assert shown == json.loads(problem.body(shown["instance"].removeprefix("urn:request:")))


def test_the_index_lists_them_all() -> None:
    listed = {(int(status), names(link)[0], title) for status, link, title in PROBLEMS.table("Problems", "Status")}

    assert listed == {(int(kind.status), f"/docs/problems/{slug}", kind.title) for slug, kind in KINDS.items()}


def test_the_contract_names_every_status() -> None:
    stated = {int(text) for row in README.table("HTTP contract", "Route") for text in re.findall(r"\d{3}", row[3])}

    assert stated == {int(kind.status) for kind in KINDS.values()}
