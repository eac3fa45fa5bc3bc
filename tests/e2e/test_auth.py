"""Who may call: only access tokens of this pool, unchanged, unexpired, with the route's own scope."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.e2e.customers import a_person, assert_nobody_has, new_email
from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE, claims_of, decoded, encoded, person

ROUTES: Final = {
    "create": ("POST", "/customers"),
    "list": ("GET", "/customers"),
    "get": ("GET", f"/customers/{uuid4()}"),
}


@dataclass(frozen=True, slots=True)
class Genuine:
    """What a forger may have in hand.

    Attributes:
        both: A good access token with both scopes.
        read: A good access token that may only read.
        id_token: A person's ID token.
        sign_in_token: The access token that came with it, for Cognito's own API and not for this one.
        jwks: The pool's public keys.
    """

    both: str
    read: str
    id_token: str
    sign_in_token: str
    jwks: dict[str, Any]


@pytest.fixture(scope="module")
def genuine(target: Target, machine_token: Callable[..., str]) -> Iterator[Genuine]:
    with person(target) as who:
        signed_in = target.cognito().initiate_auth(
            ClientId=target.people_client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": who.email, "PASSWORD": who.password},
        )["AuthenticationResult"]
        with target.http() as http:
            jwks = http.get(target.jwks_uri).raise_for_status().json()
        yield Genuine(
            machine_token(READ, WRITE), machine_token(READ), signed_in["IdToken"], signed_in["AccessToken"], jwks
        )


def _header_of(token: str) -> dict[str, Any]:
    return decoded(token.split(".", maxsplit=1)[0])


def _signed_by_another_key(genuine: Genuine) -> str:
    header = _header_of(genuine.both)
    return jwt.encode(header, claims_of(genuine.both), RSAKey.generate_key(2048))


def _signed_by_another_key_under_a_new_name(genuine: Genuine) -> str:
    header = _header_of(genuine.both) | {"kid": "another"}
    return jwt.encode(header, claims_of(genuine.both), RSAKey.generate_key(2048))


def _carrying_its_own_key(genuine: Genuine) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode(_header_of(genuine.both) | {"jwk": key.as_dict(private=False)}, claims_of(genuine.both), key)


def _signed_with_the_public_key_as_a_secret(genuine: Genuine) -> str:
    public = RSAKey.import_key(genuine.jwks["keys"][0]).as_pem(private=False)
    head = encoded(_header_of(genuine.both) | {"alg": "HS256"})
    payload = encoded(claims_of(genuine.both))
    return f"{head}.{payload}.{encoded(hmac.digest(public, f'{head}.{payload}'.encode(), 'sha256'))}"


def _unsigned(genuine: Genuine) -> str:
    return f"{encoded(_header_of(genuine.both) | {'alg': 'none'})}.{encoded(claims_of(genuine.both))}."


def _without_its_signature(genuine: Genuine) -> str:
    return genuine.both.rpartition(".")[0] + "."


def _with_more_scopes_than_were_signed(genuine: Genuine) -> str:
    head, _, signature = genuine.read.split(".")
    return f"{head}.{encoded(claims_of(genuine.read) | {'scope': f'{READ} {WRITE}'})}.{signature}"


def _with_another_subject_than_was_signed(genuine: Genuine) -> str:
    head, _, signature = genuine.both.split(".")
    return f"{head}.{encoded(claims_of(genuine.both) | {'sub': str(uuid4())})}.{signature}"


BAD_TOKENS: Final[dict[str, Callable[[Genuine], str]]] = {
    "empty": lambda _: "Bearer",
    "garbage": lambda _: "Bearer not-a-token",
    "three garbled parts": lambda _: "Bearer a.b.c",
    "basic": lambda _: "Basic dXNlcjpwYXNzd29yZA==",
    "signed by another key": lambda genuine: f"Bearer {_signed_by_another_key(genuine)}",
    "signed by a key of a new name": lambda genuine: f"Bearer {_signed_by_another_key_under_a_new_name(genuine)}",
    "carrying its own key": lambda genuine: f"Bearer {_carrying_its_own_key(genuine)}",
    "public key as secret": lambda genuine: f"Bearer {_signed_with_the_public_key_as_a_secret(genuine)}",
    "alg none": lambda genuine: f"Bearer {_unsigned(genuine)}",
    "signature cut off": lambda genuine: f"Bearer {_without_its_signature(genuine)}",
    "scopes added": lambda genuine: f"Bearer {_with_more_scopes_than_were_signed(genuine)}",
    "subject changed": lambda genuine: f"Bearer {_with_another_subject_than_was_signed(genuine)}",
    "ID token": lambda genuine: f"Bearer {genuine.id_token}",
    "sign-in token without our scopes": lambda genuine: f"Bearer {genuine.sign_in_token}",
}


def _call(http: httpx.Client, route: str, email: str, headers: dict[str, str]) -> httpx.Response:
    method, path = ROUTES[route]
    return http.request(method, path, json=a_person(email=email) if method == "POST" else None, headers=headers)


@pytest.fixture
def anonymous(target: Target) -> Iterator[httpx.Client]:
    with target.http() as http:
        yield http


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_token_nothing_is_answered(anonymous: httpx.Client, api: httpx.Client, route: str) -> None:
    email = new_email()
    assert _call(anonymous, route, email, {}).status_code == 401
    assert_nobody_has(api, email)


@pytest.mark.parametrize("bad", BAD_TOKENS)
def test_a_bad_token_is_refused_on_every_route(
    anonymous: httpx.Client, api: httpx.Client, genuine: Genuine, bad: str
) -> None:
    headers, email = {"Authorization": BAD_TOKENS[bad](genuine)}, new_email()
    answered = {route: _call(anonymous, route, email, headers).status_code for route in ROUTES}
    assert answered == dict.fromkeys(ROUTES, 401)
    assert_nobody_has(api, email)


def test_a_token_in_the_query_is_no_token(anonymous: httpx.Client, genuine: Genuine) -> None:
    answer = anonymous.get("/customers", params={"access_token": genuine.both, "Authorization": genuine.both})
    assert answer.status_code == 401


def test_a_read_token_may_not_write(
    caller: Callable[[str], httpx.Client], api: httpx.Client, machine_token: Callable[..., str]
) -> None:
    reader, email = caller(machine_token(READ)), new_email()
    # API Gateway answers 401, not 403, to a token that lacks the method's scope.
    assert _call(reader, "create", email, {}).status_code == 401
    assert_nobody_has(api, email)


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
    assert _call(reader, "list", "", {}).status_code == 200
    assert _call(reader, "get", "", {}).status_code == 404


def test_tokens_are_signed_by_the_published_keys_and_name_the_issuer(target: Target, genuine: Genuine) -> None:
    keys = KeySet.import_key_set({"keys": genuine.jwks["keys"]})
    claims = jwt.decode(genuine.both, keys, algorithms=["RS256"]).claims
    assert claims["iss"] == target.issuer
    assert claims["token_use"] == "access"
    assert set(claims["scope"].split()) == {READ, WRITE}
