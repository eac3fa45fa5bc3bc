"""Access tokens from Cognito, and people who can sign in."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from tests.e2e.target import Target

READ: Final = "customers/read"
WRITE: Final = "customers/write"
WRITERS: Final = "customer-writers"


@dataclass(frozen=True, slots=True)
class Person:
    """What a person types on the sign-in page."""

    email: str
    password: str


def machine_secret(target: Target) -> str:
    """The machine client's secret: the configured one, or the one that Cognito returns."""
    if target.machine_client_secret:
        return target.machine_client_secret
    return _secret_of(target, target.machine_client_id)


def reading_machine_secret(target: Target) -> str:
    """The secret of the machine client that only reads, from Cognito."""
    return _secret_of(target, target.reading_machine_client_id)


def _secret_of(target: Target, client_id: str) -> str:
    described = target.cognito().describe_user_pool_client(UserPoolId=target.user_pool_id, ClientId=client_id)
    return described["UserPoolClient"]["ClientSecret"]


def client_credentials(target: Target, client_id: str, secret: str, *scopes: str) -> str:
    """An access token by the client-credentials grant.

    Args:
        client_id: A confidential client.
        *scopes: The scopes to request.
    """
    form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
    answer = ask_token(target, form, httpx.BasicAuth(client_id, secret)).raise_for_status()
    return str(answer.json()["access_token"])


def ask_token(target: Target, form: dict[str, str], auth: httpx.Auth | None = None) -> httpx.Response:
    """One request to the token endpoint.

    Args:
        auth: The credentials of a confidential client.
    """
    with httpx.Client(timeout=30, trust_env=not target.is_local) as http:
        return http.post(target.token_endpoint, data=form, auth=auth or httpx.Auth())


def new_person() -> Person:
    """A person who is not in the pool, with a password that its policy accepts."""
    return Person(f"{uuid4().hex}@example.com", f"{secrets.token_urlsafe(16)}-aA1")


@contextmanager
def person(target: Target, *, writes: bool = True) -> Iterator[Person]:
    """A person in the pool while the block runs.

    Args:
        writes: Whether they are in the group of people who may write.
    """
    who = new_person()
    cognito, pool = target.cognito(), target.user_pool_id
    cognito.admin_create_user(UserPoolId=pool, Username=who.email, MessageAction="SUPPRESS")
    try:
        cognito.admin_set_user_password(UserPoolId=pool, Username=who.email, Password=who.password, Permanent=True)
        if writes:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=who.email, GroupName=WRITERS)
        yield who
    finally:
        cognito.admin_delete_user(UserPoolId=pool, Username=who.email)


@contextmanager
def sign_up(target: Target) -> Iterator[Person]:
    """A person who signs up as anyone can, and is unconfirmed, while the block runs."""
    who, cognito = new_person(), target.cognito()
    cognito.sign_up(
        ClientId=target.people_client_id,
        Username=who.email,
        Password=who.password,
        UserAttributes=[{"Name": "email", "Value": who.email}],
    )
    try:
        yield who
    finally:
        cognito.admin_delete_user(UserPoolId=target.user_pool_id, Username=who.email)


def confirm(target: Target, who: Person) -> None:
    """Confirm a person who signed up, as an administrator does."""
    target.cognito().admin_confirm_sign_up(UserPoolId=target.user_pool_id, Username=who.email)


@contextmanager
def another_machine(target: Target) -> Iterator[tuple[str, str]]:
    """A second machine client while the block runs: its id and its secret."""
    cognito, pool = target.cognito(), target.user_pool_id
    made = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName=f"test-{uuid4()}",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[READ, WRITE],
    )["UserPoolClient"]
    try:
        yield made["ClientId"], made["ClientSecret"]
    finally:
        cognito.delete_user_pool_client(UserPoolId=pool, ClientId=made["ClientId"])


def claims_of(token: str) -> dict[str, Any]:
    """A token's claims, unverified."""
    return decoded(token.split(".")[1])


def decoded(part: str) -> dict[str, Any]:
    """One of a token's two JSON parts."""
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


def encoded(content: bytes | dict[str, Any]) -> str:
    """One part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
