"""The page of each problem is served where its `type` points."""

import re
from html import unescape
from urllib.parse import urljoin

import pytest

from local.environments import ROOT
from queries.api_docs.documents import Documents
from queries.api_docs.markdown import rendered, title_of
from shared.http.problems import NotFound
from tests.unit.docs.reach import KINDS

FOLDER = ROOT / "docs/reference/problems"
DOCUMENTS = Documents("{}", FOLDER)
API = "https://abc.example.com/staging/"


def words_of(text: str) -> list[str]:
    """Its words without Markdown's signs and links."""
    plain = re.sub(r"```\w*|\]\([^)]*\)|[`|#\[\]]|(?<=[ |])---?(?=[-| \n])|-{3,}", " ", text)
    return plain.split()


def shown(html: str) -> list[str]:
    """The words that a browser shows."""
    return words_of(unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("slug", sorted(KINDS))
def test_the_type_of_each_problem_has_its_page(slug: str) -> None:
    answer = DOCUMENTS.problem(slug, "../../")
    text = (FOLDER / f"{slug}.md").read_text()

    assert (answer.status, answer.content_type) == (200, "text/html; charset=utf-8")
    assert f"<h1>{title_of(text)}</h1>" in answer.body
    article = answer.body.partition('<main class="article">')[2].partition("</main>")[0]
    assert "".join(shown(article)) == "".join(words_of(text))


def test_the_list_leads_to_every_page() -> None:
    address = urljoin(API, "docs/problems")
    page = DOCUMENTS.problem("", "../").body
    linked = {urljoin(address, each) for each in re.findall(r'<a href="([^"]+)"', page)}

    assert {urljoin(API, f"docs/problems/{slug}") for slug in KINDS} <= linked


def test_a_page_links_to_the_list_and_the_documentation_and_to_nothing_that_is_not_served() -> None:
    address = urljoin(API, "docs/problems/invalid-fields")
    page = DOCUMENTS.problem("invalid-fields", "../../").body
    linked = [urljoin(address, each) for each in re.findall(r'<a href="([^"]+)"', page)]

    assert linked == [urljoin(API, "docs"), urljoin(API, "docs/problems")]
    assert "their limits." in " ".join(shown(page))


@pytest.mark.parametrize("slug", ["nothing", "README", "../README", "..", "gone.md", "Gone"])
def test_other_problems_are_not_found(slug: str) -> None:
    with pytest.raises(NotFound):
        DOCUMENTS.problem(slug, "../../")


def test_text_of_a_page_is_escaped() -> None:
    assert rendered("a <b> `<c>`\n\n```\n<d> & e\n```", "") == (
        "<p>a &lt;b&gt; <code>&lt;c&gt;</code></p>\n<pre><code>&lt;d&gt; &amp; e</code></pre>"
    )


def test_a_table_without_a_head_is_named_by_its_first_column() -> None:
    assert rendered("| | |\n|---|---|\n| `a` | b |", "") == (
        '<table><tbody><tr><th scope="row"><code>a</code></th><td>b</td></tr></tbody></table>'
    )


def test_a_table_with_a_head_has_it() -> None:
    assert rendered("| A | B |\n|---|---|\n| 1 | 2 |", "") == (
        '<table><thead><tr><th scope="col">A</th><th scope="col">B</th></tr></thead>'
        "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )
