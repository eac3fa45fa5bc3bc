"""The documentation's parts, for a stack that is not there."""

import json
from pathlib import Path

import aws_lambda_powertools
import pytest

from local.environments import ROOT
from queries.api_docs.documents import HERE, Documents, SignIn
from shared.http.problems import NotFound

DOCUMENTS = Documents((ROOT / "docs/openapi.json").read_text(), Path(aws_lambda_powertools.__file__).parent)
ON_AWS = SignIn("client-1", "https://auth.example.com/oauth2/authorize", "https://auth.example.com/oauth2/token")
LOCALLY = SignIn('<"client">', "/oauth2/authorize", "/oauth2/token")


def test_the_page_may_ask_for_tokens_at_the_sign_in_domain_and_nowhere_else() -> None:
    [told] = [
        part for part in DOCUMENTS.page(ON_AWS).headers["Content-Security-Policy"].split("; ") if "connect" in part
    ]

    assert told == "connect-src 'self' https://auth.example.com"
    assert "connect-src 'self';" in DOCUMENTS.page(LOCALLY).headers["Content-Security-Policy"]


def test_what_the_stage_says_cannot_become_markup() -> None:
    assert "&lt;&quot;client&quot;&gt;" in DOCUMENTS.page(LOCALLY).body


def test_the_page_asks_for_parts_that_are_served() -> None:
    pages = DOCUMENTS.page(ON_AWS).body + (HERE / "page.js").read_text()

    for name in ("swagger-ui.js", "swagger-ui.css", "page.js", "oauth2-redirect.html"):
        assert f"docs/{name}" in pages
        assert DOCUMENTS.file(name).body


@pytest.mark.parametrize("name", ["", "openapi.json", "../handlers/show_docs.py", "page.html", "page.JS"])
def test_other_files_are_not_served(name: str) -> None:
    with pytest.raises(NotFound):
        DOCUMENTS.file(name)


def test_the_description_is_the_committed_one_but_for_its_addresses() -> None:
    committed = json.loads(DOCUMENTS.description)
    served = json.loads(DOCUMENTS.openapi(ON_AWS).body)

    flows = served["components"]["securitySchemes"]["oauth"]["flows"]
    assert flows["authorizationCode"]["authorizationUrl"] == ON_AWS.authorize
    assert {flow["tokenUrl"] for flow in flows.values()} == {ON_AWS.token}
    assert served["servers"] == [{"url": ".", "description": "This stack."}]
    assert served["paths"] == committed["paths"]
    assert served["components"]["schemas"] == committed["components"]["schemas"]
