"""A person signs in on the hosted page: authorization code with PKCE, over plain HTTP.

AWS's own page needs a browser that runs scripts.
"""

import secrets
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.e2e.customers import create, shown
from tests.e2e.hosted_page import Attempt, sign_in
from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE, Person, claims_of, person


@pytest.fixture(autouse=True)
def local_page_only(target: Target) -> None:
    if not target.is_local:
        pytest.skip("the target is not local: AWS's hosted page needs a browser that runs scripts")


@pytest.fixture
def somebody(target: Target) -> Iterator[Person]:
    with person(target) as who:
        yield who


@pytest.fixture
def browser(target: Target) -> Iterator[httpx.Client]:
    with target.http() as http:
        yield http


@pytest.fixture
def attempt(target: Target) -> Attempt:
    return Attempt.new(target)


@pytest.fixture
def code(browser: httpx.Client, attempt: Attempt, somebody: Person) -> str:
    """The code that the page returns for the right password."""
    return attempt.code(browser, somebody)


def test_the_token_of_a_person_carries_the_scopes_and_works(
    caller: Callable[[str], httpx.Client], attempt: Attempt, code: str
) -> None:
    given = attempt.redeem(code).raise_for_status().json()
    token = given["access_token"]
    assert {READ, WRITE} <= set(claims_of(token)["scope"].split())
    assert claims_of(token)["client_id"] == attempt.target.people_client_id
    signed_in = caller(token)
    customer = create(signed_in)
    assert shown(signed_in, customer["id"]).json() == customer
    assert caller(given["id_token"]).get("/customers").status_code == 401


def test_a_code_can_be_exchanged_once(attempt: Attempt, code: str) -> None:
    assert attempt.redeem(code).status_code == 200
    assert attempt.redeem(code).status_code == 400


def test_a_stolen_code_is_useless_without_the_verifier(attempt: Attempt, code: str) -> None:
    assert attempt.redeem(code, secrets.token_urlsafe(48)).status_code == 400


def test_a_wrong_password_gives_no_code(browser: httpx.Client, attempt: Attempt, somebody: Person) -> None:
    page = browser.get(attempt.target.authorize_endpoint, params=attempt.question)
    answer = sign_in(browser, page, Person(somebody.email, "Wrong-password-1"))
    assert "location" not in answer.headers


def test_a_code_is_sent_only_to_a_registered_address(browser: httpx.Client, attempt: Attempt) -> None:
    question = attempt.question | {"redirect_uri": "https://example.com/callback"}
    answer = browser.get(attempt.target.authorize_endpoint, params=question)
    assert answer.status_code == 400
    assert "location" not in answer.headers
