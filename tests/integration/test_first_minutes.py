"""What a new stack holds: nothing of its smoke test, and after `make demo` people with a history."""

from collections.abc import Mapping

import httpx

from local import demo, smoke_test
from local.demo import lives
from local.home import StackHome
from local.progress import NoProgress
from tests.e2e.customers import eventually, pages
from tests.integration.aws import Aws

# Other people than those of `make demo`, so that nobody meets them on a stack of the developer's own.
PEOPLE = tuple(lives(12, seed=7391))


def listed(api: httpx.Client) -> dict[str, dict[str, object]]:
    """Every customer that a reader sees, by address."""
    return {str(customer["email"]): customer for page in pages(api, limit=100) for customer in page}


def test_the_smoke_test_leaves_no_customer_behind(
    home: StackHome, outputs: Mapping[str, str], api: httpx.Client
) -> None:
    passed = smoke_test.run(home, outputs)

    assert api.get(f"/customers/{passed.customer_id}").status_code == 404
    assert [customer for customer in listed(api).values() if customer["full_name"] == "Smoke Test"] == []


def test_the_demo_people_are_listed_as_their_histories_say_and_only_once(
    outputs: Mapping[str, str], api: httpx.Client, aws: Aws
) -> None:
    demo.run(outputs, NoProgress(), PEOPLE)
    events = number_of_events(aws, outputs)
    demo.run(outputs, NoProgress(), PEOPLE)

    assert number_of_events(aws, outputs) == events
    assert {life.erased for life in PEOPLE} == {True, False}
    eventually(lambda: assert_listed(listed(api)))


def assert_listed(found: dict[str, dict[str, object]]) -> None:
    for life in PEOPLE:
        assert (life.born.email in found) != life.erased
        if not life.erased:
            newest = (life.born, *life.changes)[-1].body() | {"version": 1 + len(life.changes)}
            assert newest.items() <= found[life.born.email].items()


def number_of_events(aws: Aws, outputs: Mapping[str, str]) -> int:
    counted = aws.dynamodb.get_paginator("scan").paginate(TableName=outputs["EventTable"], Select="COUNT")
    return sum(page["Count"] for page in counted)
