"""What the documentation site makes of the pages."""

from types import SimpleNamespace

import pytest

from docs.hooks import indented, on_page_markdown


def moved(markdown: str, page: str) -> str:
    return on_page_markdown(markdown, SimpleNamespace(file=SimpleNamespace(src_uri=page))).strip()


@pytest.mark.parametrize(
    ("page", "link", "target"),
    [
        ("how-to/deploy.md", "../../template.yml", "../source/template.yml"),
        ("how-to/deploy.md", "../../README.md#folders", "../project/README.md#folders"),
        ("how-to/deploy.md", "../reference/http.md#headers", "../reference/http.md#headers"),
        ("README.md", "../CONTRIBUTING.md", "project/CONTRIBUTING.md"),
        ("project/README.md", "docs/start/tour.md", "../start/tour.md"),
        ("project/README.md", "LICENSE", "../source/LICENSE"),
    ],
)
def test_a_link_leads_to_where_the_site_has_its_target(page: str, link: str, target: str) -> None:
    assert moved(f"See [this]({link}).", page) == f"See [this]({target})."


@pytest.mark.parametrize("text", ["[x](https://example.com/a)", "`[x](../../template.yml)`", "[x](#here)"])
def test_other_links_and_code_stay(text: str) -> None:
    assert moved(text, "how-to/deploy.md") == text


def test_a_list_item_keeps_its_paragraphs_and_code() -> None:
    assert indented("1. Build:\n\n   ```sh\n   make\n   ```\n\n- a\n  - b\n\nText\n  x\n") == (
        "1. Build:\n\n    ```sh\n    make\n    ```\n\n- a\n    - b\n\nText\n  x\n"
    )
