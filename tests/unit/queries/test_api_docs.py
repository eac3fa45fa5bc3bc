"""The documentation's files, without a stack."""

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


def test_the_page_may_connect_only_to_the_api_and_the_token_endpoint() -> None:
    [directive] = [
        part for part in DOCUMENTS.page(ON_AWS).headers["Content-Security-Policy"].split("; ") if "connect" in part
    ]

    assert directive == "connect-src 'self' https://auth.example.com"
    assert "connect-src 'self';" in DOCUMENTS.page(LOCALLY).headers["Content-Security-Policy"]


def test_the_page_says_who_may_sign_in_and_write() -> None:
    page = DOCUMENTS.page(ON_AWS).body

    for words in ("an administrator confirmed or created", "Outside production you may sign up", "customer-writers"):
        assert words in page


def test_only_the_flow_for_people_is_offered() -> None:
    served = json.loads(DOCUMENTS.openapi(ON_AWS).body)

    assert list(served["components"]["securitySchemes"]["oauth"]["flows"]) == ["authorizationCode"]


def test_stage_variables_are_escaped() -> None:
    assert "&lt;&quot;client&quot;&gt;" in DOCUMENTS.page(LOCALLY).body


def test_every_file_that_the_page_loads_is_served() -> None:
    pages = DOCUMENTS.page(ON_AWS).body + (HERE / "page.js").read_text()

    for name in ("swagger-ui.js", "swagger-ui.css", "page.js", "oauth2-redirect.html"):
        assert f"docs/{name}" in pages
        assert DOCUMENTS.file(name).body


@pytest.mark.parametrize("name", ["", "openapi.json", "../handlers/show_docs.py", "page.html", "page.JS"])
def test_other_files_are_not_served(name: str) -> None:
    with pytest.raises(NotFound):
        DOCUMENTS.file(name)


def test_the_served_document_differs_from_the_committed_one_only_in_its_urls() -> None:
    committed = json.loads(DOCUMENTS.description)
    served = json.loads(DOCUMENTS.openapi(ON_AWS).body)

    flows = served["components"]["securitySchemes"]["oauth"]["flows"]
    assert flows["authorizationCode"]["authorizationUrl"] == ON_AWS.authorize
    assert {flow["tokenUrl"] for flow in flows.values()} == {ON_AWS.token}
    assert served["servers"] == [{"url": ".", "description": "This stack."}]
    assert served["paths"] == committed["paths"]
    assert served["components"]["schemas"] == committed["components"]["schemas"]
