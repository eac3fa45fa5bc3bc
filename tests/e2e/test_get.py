"""GET /customers/{customer_id} of customers that do not exist."""

from uuid import uuid4

import httpx
import pytest

from tests.e2e.problems import assert_problem


def test_an_unknown_id_is_not_found(api: httpx.Client) -> None:
    assert_problem(api.get(f"/customers/{uuid4()}"), 404, "not-found")


@pytest.mark.parametrize(
    "customer_id",
    [
        pytest.param("1", id="number"),
        pytest.param("not-an-id", id="words"),
        pytest.param(str(uuid4()).upper(), id="capitals"),
        pytest.param(f"{uuid4()}%20", id="trailing-blank"),
        pytest.param(f"{uuid4()}%0A", id="trailing-line-break"),
        pytest.param(uuid4().hex, id="no-hyphens"),
        pytest.param("%23active-generation", id="a-key-of-the-read-table"),
        pytest.param("%F0%9F%A6%93", id="emoji"),
        pytest.param("' OR 1=1", id="statement"),
    ],
)
def test_a_malformed_id_is_not_found(api: httpx.Client, customer_id: str) -> None:
    assert_problem(api.get(f"/customers/{customer_id}"), 404, "not-found")


# Longer paths meet the firewall (tests/e2e/firewall.py), and the handler's own tests.
@pytest.mark.parametrize("length", [37, 300, 900])
def test_an_overlong_id_is_not_found(api: httpx.Client, length: int) -> None:
    assert_problem(api.get(f"/customers/{'a' * length}"), 404, "not-found")
