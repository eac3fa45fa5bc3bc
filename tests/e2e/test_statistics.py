"""GET /statistics/countries: how many customers each country has, after every kind of write."""

from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.customers import a_person, erase, seeing
from tests.e2e.problems import assert_problem
from tests.samples import details_of

COUNTRIES = "/statistics/countries"


def statistics(api: httpx.Client, write: httpx.Response | None = None) -> dict[str, Any]:
    answer = api.get(COUNTRIES, headers=seeing(write) if write is not None else {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def count(api: httpx.Client, country: str, write: httpx.Response) -> int:
    """The customers of a country, once the counts contain a write."""
    groups = statistics(api, write)["groups"]
    return sum(group["customers"] for group in groups if group["group"] == country)


def a_country() -> str:
    """A country that no other test uses."""
    return f"land {uuid4().hex}"


def test_each_write_moves_a_count_at_once_with_its_token(api: httpx.Client) -> None:
    """Create, an update that keeps the country, one that changes it, one that changes it back, and the erasure."""
    here, there = a_country(), a_country()
    created = api.post("/customers", json=a_person(country=here))
    place = f"/customers/{created.json()['id']}"
    assert count(api, here, created) == 1

    kept = api.put(place, json=details_of(created.json(), city="Paris"))
    assert count(api, here, kept) == 1

    moved = api.put(place, json=details_of(created.json(), country=there))
    assert (count(api, here, moved), count(api, there, moved)) == (0, 1)

    back = api.put(place, json=details_of(created.json(), country=here))
    assert (count(api, here, back), count(api, there, back)) == (1, 0)

    erased = api.delete(place)
    assert count(api, here, erased) == 0


def test_a_country_is_counted_in_whatever_case_and_spacing(api: httpx.Client) -> None:
    country = a_country()
    first = api.post("/customers", json=a_person(country=country))
    assert count(api, country, first) == 1
    second = api.post("/customers", json=a_person(country=f"  {country.upper().replace(' ', '   ')} "))
    assert count(api, country, second) == 2
    for customer in (first.json(), second.json()):
        erase(api, customer)


def test_the_answer_adds_up(api: httpx.Client) -> None:
    created = api.post("/customers", json=a_person(country=a_country()))
    found = statistics(api, created)
    assert list(found) == ["view", "customers", "changed_at", "groups", "others"]
    assert found["view"] == "countries"
    assert sum(group["customers"] for group in found["groups"]) + found["others"]["customers"] == found["customers"]
    sizes = [group["customers"] for group in found["groups"]]
    assert sizes == sorted(sizes, reverse=True)
    assert found["changed_at"] >= created.json()["created_at"]
    erase(api, created.json())


def test_unknown_statistics_are_a_404_that_lists_the_others(api: httpx.Client) -> None:
    answer = api.get("/statistics/cities")
    assert_problem(answer, 404, "not-found")
    assert "countries" in answer.json()["detail"]
