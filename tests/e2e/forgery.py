"""Tokens that must be refused, made from genuine ones as a forger would."""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE, claims_of, decoded, encoded, person


@dataclass(frozen=True, slots=True)
class Genuine:
    """Genuine tokens and keys that a forger may have.

    Attributes:
        both: A valid access token with both scopes.
        read: A valid access token with the read scope only.
        id_token: A person's ID token.
        sign_in_token: The access token issued with it, which is for Cognito's own API and not for this one.
        jwks: The pool's public keys.
    """

    both: str
    read: str
    id_token: str
    sign_in_token: str
    jwks: dict[str, Any]


@contextmanager
def in_hand(target: Target, machine_token: Callable[..., str]) -> Iterator[Genuine]:
    """Genuine tokens, and a person who exists while the block runs."""
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
