"""The commands work on the view that `--view` names, and leave the others alone."""

import json
from dataclasses import replace

import pytest

from operations.command_line import build_parser, parse
from projections.countries import COUNTRIES
from projections.row import Parked
from tests.samples import START
from tests.unit.operations.stack import FakeStack

CUSTOMER_ID = "0f3c8a52-0000-4000-8000-000000000000"
OTHER_ID = "0f3c8a52-1111-4111-8111-111111111111"
ON_A_VIEW = (
    "verify", "parked", "redrive", "rebuild start", "rebuild run", "rebuild status", "rebuild watch", "rebuild verify",
    "rebuild switch", "rebuild all", "rebuild rollback", "rebuild retire", "rebuild abandon", "rebuild remove",
)  # fmt: skip


@pytest.fixture
def fake() -> FakeStack:
    stack = FakeStack()
    for customer_id in (CUSTOMER_ID, OTHER_ID):
        stack.customer(customer_id)
    return stack


@pytest.mark.parametrize("command", ON_A_VIEW)
def test_a_command_works_on_the_customers_unless_told_otherwise(command: str) -> None:
    assert parse(command.split()).view == "customers"
    assert parse([*command.split(), "--view", COUNTRIES.name]).view == COUNTRIES.name


@pytest.mark.parametrize("command", ON_A_VIEW)
def test_an_unknown_view_is_refused_with_the_names_of_all(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args([*command.split(), "--view", "cities"])
    assert stopped.value.code == 2
    assert "There is no view 'cities': choose one of customers, countries" in capsys.readouterr().err


def test_a_view_is_rebuilt_switched_and_rolled_back_alone(fake: FakeStack) -> None:
    before = fake.generations.saved
    assert fake.run("rebuild", "all", "--view", "countries") == 0
    assert fake.country_generations.load().active == 2
    assert sum(fake.countries.counts(2).values()) == 2
    assert "rebuild rollback --view countries" in fake.printed
    fake.clock.pause(61)
    assert fake.run("rebuild", "rollback", "--view", "countries") == 0
    assert fake.country_generations.load().active == 1
    assert fake.run("rebuild", "retire", "--view", "countries") == 0
    fake.clock.pause(61)
    assert fake.run("rebuild", "remove", "--view", "countries") == 0
    assert fake.countries.counts(2) == {}
    assert sum(fake.countries.counts(1).values()) == 2
    assert fake.generations.saved == before


def test_verify_finds_and_repairs_the_rows_of_one_view(fake: FakeStack) -> None:
    fake.countries.stored.clear()
    fake.countries.counters.clear()
    assert fake.run("verify") == 0
    assert fake.run("verify", "--view", "countries") == 1
    assert "2 missing" in fake.printed
    assert fake.run("verify", "--view", "countries", "--repair") == 0
    assert sum(fake.countries.counts().values()) == 2
    assert fake.run("verify", "--view", "countries") == 0


def test_parked_and_redrive_are_about_one_view(fake: FakeStack) -> None:
    row = fake.countries.stored[CUSTOMER_ID, 1]
    fake.countries.stored[CUSTOMER_ID, 1] = replace(row, parked=Parked(2, "cannot be read", "2026-01-01", 1))
    assert fake.run("parked") == 0
    assert "0 customer(s) parked" in fake.printed
    assert fake.run("parked", "--view", "countries") == 0
    assert CUSTOMER_ID in fake.printed
    assert fake.run("redrive", "--view", "countries", "--go") == 0
    assert fake.countries.stored[CUSTOMER_ID, 1].parked is None
    assert sum(fake.countries.counts().values()) == 2


def test_status_shows_every_view_or_the_one_that_is_named(fake: FakeStack) -> None:
    fake.run("status", "--json")
    assert _views(fake) == ["customers", "countries"]
    fake.run("status", "--json", "--view", "countries")
    assert _views(fake) == ["countries"]


def _views(fake: FakeStack) -> list[str]:
    return [row["view"] for row in map(json.loads, fake.printed.splitlines()) if "view" in row]


def test_an_error_says_which_view_it_is_about(fake: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert fake.run("rebuild", "switch", "--view", "countries") == 1
    assert "add --view countries to the commands" in capsys.readouterr().err
    assert fake.run("rebuild", "switch") == 1
    assert "--view" not in capsys.readouterr().err


def test_lost_batches_are_made_up_for_in_every_view(fake: FakeStack) -> None:
    fake.countries.stored.clear()
    fake.countries.counters.clear()
    times = dict.fromkeys(("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"), START.isoformat())
    fake.queue.messages["lost"] = {"DDBStreamBatchInfo": {"shardId": "s", "batchSize": 2, **times}}
    assert fake.run("redrive-failures", "--go") == 0
    assert sum(fake.countries.counts().values()) == 2
    assert not fake.queue.messages
