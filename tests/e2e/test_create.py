"""POST /customers, and how a new customer reaches the read side."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.e2e.customers import FIELDS, a_person, create, eventually, new_email, page, shown


def test_the_answer_has_exactly_the_fields_of_a_customer(api: httpx.Client) -> None:
    sent = a_person()
    answer = api.post("/customers", json=sent)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    customer = answer.json()
    assert set(customer) == FIELDS
    assert {name: customer[name] for name in sent} == sent
    assert customer["version"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", customer["created_at"])
    assert customer["updated_at"] == customer["created_at"]


def test_the_location_leads_to_the_new_customer(api: httpx.Client) -> None:
    answer = api.post("/customers", json=a_person())
    place = answer.url.join(answer.headers["location"])
    assert str(place) == f"{answer.url}/{answer.json()['id']}"

    def look() -> None:
        found = api.get(place)
        assert (found.status_code, found.json()) == (200, answer.json())

    eventually(look)


def test_the_customer_appears_as_it_was_answered_with_its_version_as_etag(api: httpx.Client) -> None:
    customer = create(api)
    found = shown(api, customer["id"])
    assert found.json() == customer
    assert found.headers["etag"] == '"1"'
    assert found.headers["content-type"] == "application/json"


def test_the_customer_appears_in_the_list_as_it_was_answered(api: httpx.Client) -> None:
    customer = create(api)

    def look() -> None:
        assert customer in page(api, limit=100)["customers"]

    eventually(look)


def test_every_post_creates_another_customer(api: httpx.Client) -> None:
    first, second = create(api), create(api)
    assert first["id"] != second["id"]
    assert first["created_at"] < second["created_at"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("Zoe\u0308 Sa\u0301nchez", "Zo\u00eb S\u00e1nchez", id="decomposed"),
        pytest.param("Ana \U0001f469\u200d\U0001f680", "Ana \U0001f469\u200d\U0001f680", id="emoji"),
        pytest.param(
            "\u0645\u062d\u0645\u062f \u0639\u0644\u064a", "\u0645\u062d\u0645\u062f \u0639\u0644\u064a", id="arabic"
        ),
        pytest.param("\u05e9\u05e8\u05d4 \u05db\u05d4\u05df", "\u05e9\u05e8\u05d4 \u05db\u05d4\u05df", id="hebrew"),
        pytest.param("\u5c71\u7530\u3000\u592a\u90ce", "\u5c71\u7530 \u592a\u90ce", id="japanese"),
        pytest.param("  Ada \u00a0 Lovelace\t", "Ada Lovelace", id="untrimmed"),
        pytest.param('O\'Neil "Bo" <b>\\ {{7*7}} %s', 'O\'Neil "Bo" <b>\\ {{7*7}} %s', id="signs-of-other-languages"),
    ],
)
def test_text_is_returned_composed_and_trimmed_and_otherwise_as_sent(api: httpx.Client, sent: str, kept: str) -> None:
    customer = create(api, full_name=sent, city=sent, country=sent)
    assert [customer[name] for name in ("full_name", "city", "country")] == [kept] * 3
    assert shown(api, customer["id"]).json() == customer


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("full_name", "\U00020000" * 200, id="name-of-200"),
        pytest.param("full_name", "X", id="name-of-one"),
        pytest.param("city", "c" * 100, id="city-of-100"),
        pytest.param("country", "c" * 100, id="country-of-100"),
        pytest.param("birth", "1900-01-01", id="oldest"),
        pytest.param("birth", "2000-02-29", id="leap-day"),
        pytest.param("birth", (datetime.now(UTC) - timedelta(days=2)).date().isoformat(), id="newborn"),
    ],
)
def test_values_at_the_limits_are_accepted(api: httpx.Client, field: str, value: str) -> None:
    assert create(api, **{field: value})[field] == value


def test_the_longest_address_is_accepted(api: httpx.Client) -> None:
    local = new_email().partition("@")[0].ljust(64, "x")
    address = f"{local}@{'d' * 63}.{'e' * 63}.{'f' * 57}.com"
    assert len(address) == 254
    assert create(api, email=address)["email"] == address
