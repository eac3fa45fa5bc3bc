"""Another team's stack attaches to ours using only our exports, and leaves no trace when it is removed."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.aws import LocalAws
from local.consumer.stack import Received, consumer_in, remove, run
from local.environments import ROOT
from local.errors import StackError
from local.home import StackHome
from local.progress import NoProgress
from tests.e2e.customers import Customer, create, erase, eventually, update
from tests.integration.aws import Aws

EXAMPLE = ROOT / "docs/examples/consumer"
STACK = "FollowCustomersLocal"
TEMPLATE = (EXAMPLE / "template.yml").read_text()


@pytest.fixture(scope="module")
def customer(api: httpx.Client) -> Customer:
    """A customer from before the second stack."""
    return create(api)


@pytest.fixture(scope="module")
def attached(customer: Customer, home: StackHome) -> Iterator[tuple[Mapping[str, str], Received | None]]:
    """The second stack's outputs, and the proof of `make consumer` that an event arrived."""
    consumer = consumer_in(str(EXAMPLE), STACK)
    try:
        yield run(home, consumer, NoProgress())
    finally:
        remove(home, consumer)


@pytest.fixture(scope="module")
def theirs(attached: tuple[Mapping[str, str], Received | None]) -> Mapping[str, str]:
    return attached[0]


def test_make_consumer_shows_that_a_function_handled_an_event(
    attached: tuple[Mapping[str, str], Received | None],
) -> None:
    _, received = attached

    assert received
    assert received.line.function == "FollowCustomers"
    assert "'handled': 1" in received.line.text


def test_make_consumer_says_so_if_nothing_arrives(
    home: StackHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = TEMPLATE.replace("{source: [customers]}", "{source: [orders]}")
    assert template != TEMPLATE
    folder = tmp_path / "deaf consumer"
    shutil.copytree(EXAMPLE, folder)
    (folder / "template.yml").write_text(template)
    monkeypatch.setattr("local.consumer.stack.RECEIVES_WITHIN", 3.0)
    monkeypatch.setenv("CONSUMER_KIT", str(ROOT / "consumer_kit"))
    consumer = consumer_in(str(folder))

    try:
        with pytest.raises(StackError, match=r"No function .* on the bus local-customers and match the source"):
            run(home, consumer, NoProgress())
    finally:
        remove(home, consumer)


def test_make_consumer_refuses_a_parameter_that_the_template_lacks(home: StackHome, tmp_path: Path) -> None:
    (tmp_path / "template.yml").write_text(TEMPLATE)
    consumer = consumer_in(str(tmp_path), "broken", "Nickname=Ada")

    with pytest.raises(StackError, match=r"^template.yml has no parameter 'Nickname'. It has Architecture, "):
        run(home, consumer, NoProgress())


def test_it_follows_customers_from_the_first_event_that_it_sees(
    api: httpx.Client, aws: Aws, customer: Customer, theirs: Mapping[str, str]
) -> None:
    update(api, customer, city="Paris", country="France")

    def home() -> Any:
        key: Any = {"customer_id": {"S": customer["id"]}, "item": {"S": "home"}}
        return aws.dynamodb.get_item(TableName=theirs["Table"], Key=key, ConsistentRead=True).get("Item")

    def lives_in_paris() -> None:
        found = home()
        assert found
        assert (found["city"], found["country"]) == ({"S": "Paris"}, {"S": "France"})

    eventually(lives_in_paris)
    erase(api, customer)

    def is_forgotten() -> None:
        assert home() is None

    eventually(is_forgotten)


def test_our_stack_exports_what_it_needs(theirs: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    exports = LocalAws(outputs["EndpointUrl"]).cloudformation.list_exports()["Exports"]

    assert {"local-customers-event-bus-name", "local-customers-event-bus-arn"} <= {each["Name"] for each in exports}
