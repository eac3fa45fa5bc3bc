"""The documentation works below a stage, below a base path, and with a slash at the end."""

from urllib.parse import urljoin

import pytest

from queries.api_docs.addresses import documentation_at, root_of
from shared.http.request import parse

HOST = "https://abc.example.com"


@pytest.mark.parametrize("base", ["", "/staging", "/api/v1"])
@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/docs", "/docs"),
        ("/docs", "/docs/"),
        ("/docs/problems", "/docs/problems"),
        ("/docs/problems", "/docs/problems/"),
        ("/docs/problems/{problem}", "/docs/problems/gone"),
        ("/docs/problems/{problem}", "/docs/problems/gone/"),
    ],
)
def test_a_page_finds_the_api_from_where_it_is(base: str, route: str, path: str) -> None:
    address = f"{base}{path}"

    assert urljoin(f"{HOST}{address}", f"{root_of(route, address)}openapi.json") == f"{HOST}{base}/openapi.json"


@pytest.mark.parametrize(
    ("base", "prefix", "leads_to"),
    [
        ("/", "", "/docs"),
        ("/staging", "", "/staging/docs"),
        ("/staging/", "", "/staging/docs"),
        ("/local/", "/_aws/execute-api/abc", "/_aws/execute-api/abc/local/docs"),
    ],
)
def test_the_root_leads_to_the_documentation(base: str, prefix: str, leads_to: str) -> None:
    assert documentation_at(base, prefix) == leads_to


def test_a_request_has_the_path_that_its_caller_sent() -> None:
    assert parse({"path": "/docs", "requestContext": {"path": "/staging/docs"}}).address == "/staging/docs"
