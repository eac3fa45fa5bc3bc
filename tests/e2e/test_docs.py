"""The documentation is public and describes the very stack that serves it."""

from collections.abc import Callable

import httpx
import pytest

from tests.e2e.customers import create
from tests.e2e.problems import assert_problem
from tests.e2e.target import Target


@pytest.fixture
def anybody(caller: Callable[[str], httpx.Client]) -> httpx.Client:
    return caller("")


def test_the_page_is_public_and_runs_only_its_own_scripts(anybody: httpx.Client, target: Target) -> None:
    answer = anybody.get("/docs")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert f'data-client-id="{target.people_client_id}"' in answer.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.css", "text/css"),
        ("favicon.svg", "image/svg+xml"),
        ("page.js", "text/javascript"),
        ("sign-in.js", "text/javascript"),
    ],
)
def test_each_part_of_the_page_is_served(anybody: httpx.Client, name: str, kind: str) -> None:
    answer = anybody.get(f"/docs/{name}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.content


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_leads_to_the_documentation(anybody: httpx.Client, target: Target, path: str) -> None:
    answer = anybody.get(f"{target.api}{path}")

    assert answer.status_code == 302
    assert str(answer.url.join(answer.headers["location"])) == f"{target.api}/docs"


def test_a_problem_is_explained_where_its_type_points(anybody: httpx.Client) -> None:
    problem = assert_problem(anybody.get("/docs/nothing.js"), 404, "not-found")

    explained = anybody.get(problem["type"])

    assert explained.status_code == 200
    assert explained.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Not found</h1>" in explained.text
    assert "not-found" in anybody.get("/docs/problems").text
    assert_problem(anybody.get("/docs/problems/nothing"), 404, "not-found")


def test_nothing_else_is_served_under_it(anybody: httpx.Client) -> None:
    assert_problem(anybody.get("/docs/documents.py"), 404, "not-found")


def test_the_description_leads_back_to_the_stack(anybody: httpx.Client, api: httpx.Client, target: Target) -> None:
    served = anybody.get("/openapi.json")
    document = served.raise_for_status().json()

    base = served.url.join(document["servers"][0]["url"])
    flow = document["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    assert str(base).rstrip("/") == target.api
    assert str(served.url.join(flow["authorizationUrl"])) == target.authorize_endpoint
    assert str(served.url.join(flow["tokenUrl"])) == target.token_endpoint
    customer = create(api)
    assert api.get(f"{base}customers/{customer['id']}").status_code in (200, 404)
