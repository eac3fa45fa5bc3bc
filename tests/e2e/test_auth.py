"""Authorization: only unchanged, unexpired access tokens of this pool with the route's scope are accepted."""

from collections.abc import Callable, Iterator
from typing import Final
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.e2e.customers import a_person, assert_nobody_has, create, new_email
from tests.e2e.forgery import BAD_TOKENS, Genuine, in_hand
from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE
from tests.samples import details_of

ROUTES: Final = {
    "create": ("POST", "/customers"),
    "list": ("GET", "/customers"),
    "search": ("POST", "/customers/search"),
    "count": ("GET", "/statistics/countries"),
    "get": ("GET", f"/customers/{uuid4()}"),
    "update": ("PUT", f"/customers/{uuid4()}"),
    "erase": ("DELETE", f"/customers/{uuid4()}"),
}


BODIED: Final = ("POST", "PUT")


@pytest.fixture(scope="module")
def genuine(target: Target, machine_token: Callable[..., str]) -> Iterator[Genuine]:
    with in_hand(target, machine_token) as tokens:
        yield tokens


def _call(http: httpx.Client, route: str, email: str, headers: dict[str, str]) -> httpx.Response:
    method, path = ROUTES[route]
    return http.request(method, path, json=a_person(email=email) if method in BODIED else None, headers=headers)


@pytest.fixture
def anonymous(target: Target) -> Iterator[httpx.Client]:
    with target.http() as http:
        yield http


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_refuses_a_request_without_a_token(anonymous: httpx.Client, api: httpx.Client, route: str) -> None:
    email = new_email()
    assert _call(anonymous, route, email, {}).status_code == 401
    assert_nobody_has(api, email)


@pytest.mark.parametrize("bad", BAD_TOKENS)
def test_every_route_refuses_a_bad_token(
    anonymous: httpx.Client, api: httpx.Client, genuine: Genuine, bad: str
) -> None:
    headers, email = {"Authorization": BAD_TOKENS[bad](genuine)}, new_email()
    answered = {route: _call(anonymous, route, email, headers).status_code for route in ROUTES}
    assert answered == dict.fromkeys(ROUTES, 401)
    assert_nobody_has(api, email)


def test_a_token_in_the_query_does_not_count(anonymous: httpx.Client, genuine: Genuine) -> None:
    # One at a time: two tokens are longer than the firewall lets a query be.
    for name in ("access_token", "Authorization"):
        assert anonymous.get("/customers", params={name: genuine.both}).status_code == 401


@pytest.mark.parametrize("route", ["create", "update", "erase"])
def test_a_read_token_may_not_write(
    caller: Callable[[str], httpx.Client], api: httpx.Client, machine_token: Callable[..., str], route: str
) -> None:
    reader, email = caller(machine_token(READ)), new_email()
    # API Gateway answers 401, not 403, to a token that lacks the method's scope.
    assert _call(reader, route, email, {}).status_code == 401
    assert_nobody_has(api, email)


def test_only_a_writer_changes_or_erases_a_customer(
    caller: Callable[[str], httpx.Client], anonymous: httpx.Client, api: httpx.Client, machine_token: Callable[..., str]
) -> None:
    customer = create(api)
    place = f"/customers/{customer['id']}"
    for http in (anonymous, caller(machine_token(READ))):
        assert http.put(place, json=details_of(customer, city="Paris")).status_code == 401
        assert http.delete(place).status_code == 401
    assert api.put(place, json=details_of(customer)).json() == customer


@pytest.mark.parametrize("route", ["list", "get"])
def test_a_write_token_may_not_read(
    caller: Callable[[str], httpx.Client], machine_token: Callable[..., str], route: str
) -> None:
    assert _call(caller(machine_token(WRITE)), route, "", {}).status_code == 401


def test_each_route_needs_no_more_than_its_own_scope(
    caller: Callable[[str], httpx.Client], machine_token: Callable[..., str]
) -> None:
    reader, writer = caller(machine_token(READ)), caller(machine_token(WRITE))
    assert _call(writer, "create", new_email(), {}).status_code == 201
    assert _call(writer, "update", new_email(), {}).status_code == 404
    assert _call(writer, "erase", "", {}).status_code == 404
    assert _call(reader, "list", "", {}).status_code == 200
    assert _call(reader, "get", "", {}).status_code == 404


def test_tokens_are_signed_by_the_published_keys_and_name_the_issuer(target: Target, genuine: Genuine) -> None:
    keys = KeySet.import_key_set({"keys": genuine.jwks["keys"]})
    claims = jwt.decode(genuine.both, keys, algorithms=["RS256"]).claims
    assert claims["iss"] == target.issuer
    assert claims["token_use"] == "access"
    assert set(claims["scope"].split()) == {READ, WRITE}
