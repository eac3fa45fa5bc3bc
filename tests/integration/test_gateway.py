"""The gateway refuses unauthorized calls by itself: no function runs and no event is written."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from uuid import uuid4

import httpx
import pytest

from tests.e2e.customers import a_person, eventually, new_email
from tests.e2e.forgery import BAD_TOKENS, Genuine, in_hand
from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE, claims_of, client_credentials
from tests.integration.aws import Aws

BEHIND_THE_GATEWAY: Final = ("CreateCustomer", "UpdateCustomer", "EraseCustomer", "GetAllCustomers", "GetCustomer",
                             "SearchCustomers", "GetStatistics")  # fmt: skip
SHORT_LIVED_SECONDS: Final = 2


def _client_of(aws: Aws, pool: str, **settings: object) -> tuple[str, str]:
    """A new machine client of a pool: its id and its secret."""
    made = aws.cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName=f"test-{uuid4()}",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[READ, WRITE],
        **settings,  # type: ignore[arg-type]
    )["UserPoolClient"]
    return made["ClientId"], made["ClientSecret"]


@pytest.fixture
def token_of_another_pool(aws: Aws, target: Target) -> Iterator[str]:
    """A correctly signed token with the right scopes, from a pool that is not ours."""
    pool = aws.cognito.create_user_pool(PoolName=f"test-{uuid4()}")["UserPool"]["Id"]
    try:
        aws.cognito.create_resource_server(
            UserPoolId=pool,
            Identifier="customers",
            Name="customers",
            Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")],
        )
        yield client_credentials(target, *_client_of(aws, pool), READ, WRITE)
    finally:
        aws.cognito.delete_user_pool(UserPoolId=pool)


@pytest.fixture
def short_lived_token(aws: Aws, target: Target) -> Iterator[str]:
    """A token of our pool that lasts a few seconds. AWS itself issues none for less than five minutes."""
    client_id, secret = _client_of(
        aws,
        target.user_pool_id,
        AccessTokenValidity=SHORT_LIVED_SECONDS,
        TokenValidityUnits={"AccessToken": "seconds"},
    )
    try:
        yield client_credentials(target, client_id, secret, READ, WRITE)
    finally:
        aws.cognito.delete_user_pool_client(UserPoolId=target.user_pool_id, ClientId=client_id)


@pytest.fixture
def genuine(target: Target, machine_token: Callable[..., str]) -> Iterator[Genuine]:
    with in_hand(target, machine_token) as tokens:
        yield tokens


@pytest.fixture
def traces(aws: Aws, outputs: Mapping[str, str], function_names: Mapping[str, str]) -> Callable[[], dict[str, int]]:
    """Counts the traces of a call that gets through: events, and runs of each function since the start."""
    since = time.time()

    def count() -> dict[str, int]:
        runs = {name: aws.invocations(function_names[name], since) for name in BEHIND_THE_GATEWAY}
        return {"events": aws.count(outputs["EventTable"]), **runs}

    return count


def _call_all(http: httpx.Client, headers: Mapping[str, str]) -> set[int]:
    """The statuses that the routes answer with."""
    return {
        http.post("/customers", json=a_person(), headers=headers).status_code,
        http.get("/customers", headers=headers).status_code,
        http.post("/customers/search", json={"email": new_email()}, headers=headers).status_code,
        http.get("/statistics/countries", headers=headers).status_code,
        http.get(f"/customers/{uuid4()}", headers=headers).status_code,
        http.put(f"/customers/{uuid4()}", json=a_person(), headers=headers).status_code,
        http.delete(f"/customers/{uuid4()}", headers=headers).status_code,
    }


def test_a_token_of_another_pool_is_refused(
    target: Target, token_of_another_pool: str, traces: Callable[[], dict[str, int]]
) -> None:
    assert claims_of(token_of_another_pool)["scope"].split() == [READ, WRITE]
    assert claims_of(token_of_another_pool)["iss"] != target.issuer
    before = traces()
    with target.http(token_of_another_pool) as http:
        assert _call_all(http, {}) == {401}
    assert traces() == before


def test_an_expired_token_is_refused(
    target: Target, short_lived_token: str, traces: Callable[[], dict[str, int]]
) -> None:
    with target.http(short_lived_token) as http:
        assert http.get("/customers").status_code == 200
        time.sleep(max(0.0, claims_of(short_lived_token)["exp"] - time.time()) + 0.1)
        before = traces()
        assert _call_all(http, {}) == {401}
    assert traces() == before


def test_no_refusal_of_the_gateway_runs_a_function(
    target: Target, genuine: Genuine, machine_token: Callable[..., str], traces: Callable[[], dict[str, int]]
) -> None:
    before = traces()
    with target.http() as http:
        assert _call_all(http, {}) == {401}
        for name, forge in BAD_TOKENS.items():
            assert _call_all(http, {"Authorization": forge(genuine)}) == {401}, name
        assert http.post("/customers", json=a_person(), headers=_bearer(machine_token(READ))).status_code == 401
        for method in ("PUT", "DELETE"):
            path = f"/customers/{uuid4()}"
            refused = http.request(method, path, json=a_person(), headers=_bearer(machine_token(READ)))
            assert refused.status_code == 401
        assert http.get("/customers", headers=_bearer(machine_token(WRITE))).status_code == 401
        assert http.get(f"/customers/{uuid4()}", headers=_bearer(machine_token(WRITE))).status_code == 401
    assert traces() == before


def test_what_the_gateway_lets_through_leaves_a_trace(api: httpx.Client, traces: Callable[[], dict[str, int]]) -> None:
    """Without this, the counts above would prove nothing."""
    before = traces()
    assert _call_all(api, {}) == {201, 200, 404}
    expected = {name: number + 1 for name, number in before.items()}

    def look() -> None:
        assert traces() == expected

    eventually(look)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
