"""The documentation's files, without a stack."""

import json
import re
from urllib.parse import urljoin

import pytest

from local.environments import ROOT
from queries.api_docs.documents import HERE, Documents, SignIn
from shared.http.problems import NotFound
from shared.http.response import Response

DOCUMENTS = Documents((ROOT / "docs/openapi.json").read_text(), ROOT / "docs/reference/problems")
ON_AWS = SignIn("client-1", "https://auth.example.com/oauth2/authorize", "https://auth.example.com/oauth2/token")
LOCALLY = SignIn('<"client">', "/oauth2/authorize", "/oauth2/token")
PAGE = "https://abc.example.com/staging/docs"


def test_the_page_may_connect_only_to_the_api_and_the_token_endpoint() -> None:
    [directive] = [
        part for part in DOCUMENTS.page(ON_AWS, "").headers["Content-Security-Policy"].split("; ") if "connect" in part
    ]

    assert directive == "connect-src 'self' https://auth.example.com"
    assert "connect-src 'self';" in DOCUMENTS.page(LOCALLY, "").headers["Content-Security-Policy"]


@pytest.mark.parametrize("answer", [DOCUMENTS.page(ON_AWS, ""), DOCUMENTS.problem("gone", "../../")])
def test_no_page_runs_or_styles_anything_inline(answer: Response) -> None:
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|<script>| style=| on[a-z]+=", answer.body)


def test_the_page_says_who_may_sign_in_and_write() -> None:
    page = DOCUMENTS.page(ON_AWS, "").body

    for words in ("an administrator confirmed or created", "Outside production you may sign up", "customer-writers"):
        assert words in page


def test_the_page_says_on_top_what_to_do() -> None:
    steps = re.search(r'<main>\s*<p class="steps">(.*)</p>', DOCUMENTS.page(ON_AWS, "").body)

    assert steps
    assert re.sub(r"</?strong>", "", steps[1]) == "1. Sign in. 2. Open a request below. 3. Send it."


def test_the_page_knows_where_to_sign_in_and_out() -> None:
    page = DOCUMENTS.page(ON_AWS, "").body

    assert 'data-authorize="https://auth.example.com/oauth2/authorize"' in page
    assert 'data-token="https://auth.example.com/oauth2/token"' in page
    assert 'data-logout="https://auth.example.com/logout"' in page
    assert 'data-logout="/logout"' in DOCUMENTS.page(LOCALLY, "").body


def test_only_the_flow_for_people_is_offered() -> None:
    served = json.loads(DOCUMENTS.openapi(ON_AWS).body)

    assert list(served["components"]["securitySchemes"]["oauth"]["flows"]) == ["authorizationCode"]


def test_stage_variables_are_escaped() -> None:
    assert "&lt;&quot;client&quot;&gt;" in DOCUMENTS.page(LOCALLY, "").body


@pytest.mark.parametrize(("address", "root"), [(PAGE, ""), (f"{PAGE}/", "../")])
def test_every_file_that_the_page_loads_is_served(address: str, root: str) -> None:
    page = DOCUMENTS.page(ON_AWS, root).body
    loaded = {urljoin(address, each) for each in re.findall(r'(?:src|href)="([^"]+)"', page)}

    assert f"{PAGE}/page.js" in loaded
    for each in loaded - {f"{PAGE}/problems", PAGE.replace("docs", "openapi.json")}:
        assert DOCUMENTS.file(each.removeprefix(f"{PAGE}/")).body


def test_every_module_that_a_script_imports_is_served() -> None:
    scripts = {path.name: path.read_text() for path in HERE.glob("*.js")}
    imported = {name for text in scripts.values() for name in re.findall(r'from "\./([^"]+)"', text)}

    assert imported | {"page.js"} == scripts.keys()
    for name, text in scripts.items():
        assert DOCUMENTS.file(name).body == text


@pytest.mark.parametrize("name", ["", "openapi.json", "../handlers/show_docs.py", "page.html", "page.JS", "problems"])
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
