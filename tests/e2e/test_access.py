"""Every way to a token, and what each token may do: the tables of docs/reference/access.md."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final, TypeAlias
from uuid import uuid4

import httpx
import pytest
from botocore.exceptions import ClientError

from local.environments import ROOT
from tests.e2e.customers import a_person, new_email
from tests.e2e.hosted_page import Attempt
from tests.e2e.srp import access_token_by_srp
from tests.e2e.target import Target
from tests.e2e.tokens import (
    READ,
    WRITE,
    Person,
    client_credentials,
    confirm,
    machine_secret,
    new_person,
    person,
    reading_machine_secret,
    sign_up,
)
from tests.unit.docs.pages import Page, names

PAGE: Final = Page(ROOT / "docs/reference/access.md")
WAYS: Final = {way: token for way, _, token in PAGE.table("Ways to a token", "Way")}
_HEAD: Final = next(line for line in PAGE.text.splitlines() if line.startswith("| Token |"))
ROUTES: Final = tuple(names(_HEAD))
MATRIX: Final = {row[0]: dict(zip(ROUTES, row[1:], strict=True)) for row in PAGE.table("Tokens and routes", "Token")}
NO_TOKEN: Final = "none"
REFUSED: Final = ("UserNotConfirmed", "NotAuthorized", "InvalidParameter", "CodeMismatch", "ExpiredCode")

Way: TypeAlias = Callable[["Visit"], str]


class Visit:
    """Someone in front of the pool, who may use up users and clean up after themselves."""

    def __init__(self, target: Target, people: ExitStack) -> None:
        self.target = target
        self._people = people

    def somebody(self, *, writes: bool) -> Person:
        """A person in the pool, in the group or not."""
        return self._people.enter_context(person(self.target, writes=writes))

    def stranger(self) -> Person:
        """A person who has signed up and whom nobody has confirmed."""
        return self._people.enter_context(sign_up(self.target))

    def sign_in(self, *, writes: bool, scope: str = "") -> dict[str, Any]:
        """What the token endpoint returns after a sign-in on the page."""
        if not self.target.is_local:
            pytest.skip("the target is not local: AWS's hosted page needs a browser that runs scripts")
        attempt = Attempt.new(self.target, scope or f"openid {READ} {WRITE}")
        with self.target.http() as browser:
            code = attempt.code(browser, self.somebody(writes=writes))
        tokens: dict[str, Any] = attempt.redeem(code).raise_for_status().json()
        return tokens

    def with_password(self, who: Person) -> str:
        """The access token for user name and password."""
        answer = self.target.cognito().initiate_auth(
            ClientId=self.target.people_client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": who.email, "PASSWORD": who.password},
        )
        return answer["AuthenticationResult"]["AccessToken"]


def _refused(call: Callable[[], object]) -> None:
    with pytest.raises(ClientError) as refusal:
        call()
    assert refusal.value.response["Error"]["Code"].startswith(REFUSED)


def _signing_up(visit: Visit) -> str:
    stranger = visit.stranger()
    _refused(lambda: visit.with_password(stranger))
    _refused(lambda: access_token_by_srp(visit.target, stranger))
    return NO_TOKEN


def _confirming_oneself(visit: Visit) -> str:
    stranger, cognito, client = visit.stranger(), visit.target.cognito(), visit.target.people_client_id
    if visit.target.is_local:
        pytest.skip("the local AWS takes any code; tests/infrastructure/test_access.py checks that none is sent")
    _refused(lambda: cognito.resend_confirmation_code(ClientId=client, Username=stranger.email))
    _refused(lambda: cognito.confirm_sign_up(ClientId=client, Username=stranger.email, ConfirmationCode="123456"))
    _refused(lambda: visit.with_password(stranger))
    return NO_TOKEN


def _resetting_the_password(visit: Visit) -> str:
    stranger, cognito, client = visit.stranger(), visit.target.cognito(), visit.target.people_client_id
    new = new_person()
    _refused(
        lambda: cognito.confirm_forgot_password(
            ClientId=client, Username=stranger.email, ConfirmationCode="123456", Password=new.password
        )
    )
    _refused(lambda: visit.with_password(Person(stranger.email, new.password)))
    return NO_TOKEN


def _refreshing(visit: Visit) -> str:
    # By Cognito's API: the local AWS's token endpoint leaves the groups out of a refreshed token.
    answer = visit.target.cognito().initiate_auth(
        ClientId=visit.target.people_client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": visit.sign_in(writes=True)["refresh_token"]},
    )
    return answer["AuthenticationResult"]["AccessToken"]


def _as_the_machine_that_writes(visit: Visit) -> str:
    target = visit.target
    return client_credentials(target, target.machine_client_id, machine_secret(target), READ, WRITE)


def _as_the_machine_that_reads(visit: Visit) -> str:
    target = visit.target
    credentials = target.reading_machine_client_id, reading_machine_secret(target)
    with pytest.raises(httpx.HTTPStatusError):
        client_credentials(target, *credentials, READ, WRITE)
    return client_credentials(target, *credentials, READ)


TRIED: Final[dict[str, Way]] = {
    "Sign up": _signing_up,
    "Confirm yourself": _confirming_oneself,
    "Reset a forgotten password": _resetting_the_password,
    "Sign-in page": lambda visit: str(visit.sign_in(writes=False)["access_token"]),
    "Sign-in page, in the group": lambda visit: str(visit.sign_in(writes=True)["access_token"]),
    "Sign-in page, in the group, asking only to read": lambda visit: str(
        visit.sign_in(writes=True, scope=f"openid {READ}")["access_token"]
    ),
    "Refresh token": _refreshing,
    "ID token": lambda visit: str(visit.sign_in(writes=True)["id_token"]),
    "User name and password": lambda visit: visit.with_password(visit.somebody(writes=True)),
    "SRP": lambda visit: access_token_by_srp(visit.target, visit.somebody(writes=True)),
    "Client credentials of `MachineClientId`": _as_the_machine_that_writes,
    "Client credentials of `ReadingMachineClientId`": _as_the_machine_that_reads,
}


@pytest.fixture
def visit(target: Target) -> Iterator[Visit]:
    with ExitStack() as people:
        yield Visit(target, people)


def _cell(http: httpx.Client, route: str) -> str:
    """What the matrix says of a route: `yes`, or the status of the refusal."""
    method, path = route.split()
    body = a_person() if method in ("POST", "PUT") else None
    if path.endswith("/search"):
        body = {"email": new_email()}
    status = http.request(method, path.format(customer_id=uuid4(), view="countries"), json=body).status_code
    assert status in (200, 201, 401, 403, 404)
    return str(status) if status in (401, 403) else "yes"


def test_the_page_lists_every_way_and_every_token() -> None:
    assert list(TRIED) == list(WAYS)
    assert set(WAYS.values()) == set(MATRIX)


@pytest.mark.parametrize("way", TRIED)
def test_a_way_gives_a_token_that_may_do_what_the_matrix_says(target: Target, visit: Visit, way: str) -> None:
    token = TRIED[way](visit)

    assert (token == NO_TOKEN) == (WAYS[way] == NO_TOKEN)
    with target.http("" if token == NO_TOKEN else token) as http:
        assert {route: _cell(http, route) for route in ROUTES} == MATRIX[WAYS[way]]


def test_an_administrator_confirms_who_signed_up(visit: Visit) -> None:
    stranger = visit.stranger()

    confirm(visit.target, stranger)

    assert visit.with_password(stranger)


def test_a_refusal_for_want_of_the_group_names_it(target: Target, visit: Visit) -> None:
    with target.http(str(visit.sign_in(writes=False)["access_token"])) as http:
        answer = http.delete(f"/customers/{uuid4()}")

    assert (answer.status_code, answer.json()["type"]) == (403, "/docs/problems/forbidden")
    assert "customer-writers" in answer.json()["detail"]
