"""Views side by side: their keys, their registry and the function that projects a batch into all of them."""

import json
from dataclasses import replace
from importlib import import_module
from itertools import product
from types import ModuleType
from typing import Any, cast

import pytest

from events.codec import to_item
from events.customer import State
from projections.customers import CUSTOMERS
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_keys import key_of_checkpoint, key_of_generations, key_of_row, version_attribute
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.dynamodb_row import content_of, present, to_row
from projections.live import FedView, project_all
from projections.maintenance.stores import ViewStores
from projections.projector import Projector
from projections.row import Listing, Parked, Row, row_of
from projections.shards import listing_key, parked_key
from projections.view import View
from projections.views import VIEWS, UnknownView, view_named
from shared.runtime.clock import timestamp
from tests.fakes.read_model import InMemoryGenerations, InMemoryProgress, InMemoryReadModel
from tests.samples import START, created, erased
from tests.unit.operations.stack import FakeStack
from tests.unit.projections.world import World


def _names_row(state: State, generation: int) -> Row:
    row = row_of(state, generation)
    return replace(
        row, listing=row.listing and Listing(json.loads(row.listing.document)["full_name"], row.listing.order)
    )


NAMES = View("names", 7, _names_row, lambda _: None)
ROW = Row("c-1", 2, 3, Listing("{}", "2026#c-1"), Parked(4, "a reason", timestamp(START), 1))


class TestKeys:
    def test_the_customers_view_keeps_the_keys_that_it_had_before_there_were_views(self) -> None:
        assert key_of_row(CUSTOMERS, "c-1", 2) == {"customer_id": {"S": "c-1"}, "generation": {"N": "2"}}
        assert key_of_generations(CUSTOMERS)["customer_id"] == {"S": "#generations"}
        assert key_of_checkpoint(CUSTOMERS, "rebuild-2", 3) == {
            "customer_id": {"S": "#rebuild-2"},
            "generation": {"N": "3"},
        }
        assert (listing_key(2, 1), parked_key(2, 1), version_attribute(CUSTOMERS)) == ("2#1", "2.01", "version")

    def test_no_key_of_two_views_is_the_same(self) -> None:
        keys = [
            json.dumps(key)
            for view in (CUSTOMERS, NAMES)
            for key in (
                key_of_row(view, "c-1", 2),
                key_of_generations(view),
                key_of_checkpoint(view, "rebuild-2", 0),
                listing_key(2, 1, view),
                parked_key(2, 1, view),
            )
        ]
        assert len(keys) == len(set(keys))

    def test_a_release_that_knows_one_view_neither_finds_nor_scans_the_rows_of_another(self) -> None:
        """Its scans filter for an attribute `version`, and it asks for the keys of customers."""
        item = {**key_of_row(NAMES, "c-1", 2), **present(content_of(ROW, 4, NAMES))}

        assert item["customer_id"]["S"].startswith("#")
        assert "version" not in item

    @pytest.mark.parametrize("row", [ROW, replace(ROW, parked=None), Row("c-1", 2, 3, None)])
    @pytest.mark.parametrize("view", [CUSTOMERS, NAMES])
    def test_a_row_is_read_back_as_it_was_written(self, view: View, row: Row) -> None:
        item = {**key_of_row(view, row.customer_id, row.generation), **present(content_of(row, 4, view))}

        assert to_row(item, 4, view) == row

    @pytest.mark.parametrize("name", ["", "Names", "a#b", "a b", "1a", "a" * 32])
    def test_a_name_that_keys_cannot_have_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="a view's name has"):
            View(name, 7, _names_row, lambda _: None)


class TestRegistry:
    def test_the_customers_are_projected_first(self) -> None:
        assert VIEWS[0] is CUSTOMERS

    def test_names_and_numbers_are_unique_and_no_name_is_part_of_a_control_item(self) -> None:
        assert len({view.name for view in VIEWS}) == len({view.number for view in VIEWS}) == len(VIEWS)
        assert not {view.name for view in VIEWS} & {"generations"}

    def test_an_unknown_name_is_answered_with_all_names(self) -> None:
        assert view_named("customers") is CUSTOMERS
        with pytest.raises(UnknownView, match="There is no view 'costumers': choose one of customers"):
            view_named("costumers")


class Names:
    """A second view over the world's events, in a read table of its own."""

    def __init__(self, world: World) -> None:
        self.rows = InMemoryReadModel()
        self.generations = InMemoryGenerations()
        self.projector = Projector(self.rows, world.store.read, world.now, NAMES)
        self.fed = FedView(NAMES, self.projector, self.generations)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def names(world: World) -> Names:
    return Names(world)


def customers(world: World) -> FedView:
    return FedView(CUSTOMERS, world.projector, world.generations)


class TestProjectAll:
    def test_every_view_gets_the_batch_in_its_own_generations(self, world: World, names: Names) -> None:
        names.generations.saved = replace(names.generations.saved, active=3, newest=3)
        event = world.append(created("a"))

        outcomes = project_all([customers(world), names.fed], [event], lambda *_: None)

        assert [(outcome.view.name, outcome.failed, outcome.error) for outcome in outcomes] == [
            ("customers", set(), None),
            ("names", set(), None),
        ]
        assert world.version("a", 1) == 1
        row = names.rows.get("a", 3)
        assert row
        assert row.listing
        assert row.listing.document == "Ada Lovelace"

    @pytest.mark.parametrize("broken", [0, 1])
    def test_an_error_in_one_view_does_not_keep_the_other_from_being_projected(
        self, world: World, names: Names, broken: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        event, error = world.append(created("a")), RuntimeError("Ada Lovelace")
        views = [customers(world), names.fed]
        failing = views[broken]

        def fail() -> Any:
            raise error

        monkeypatch.setattr(failing.generations, "load", fail)
        reported: list[tuple[View, Exception]] = []

        outcomes = project_all(views, [event], lambda *failure: reported.append(failure))

        assert reported == [(failing.view, error)]
        assert outcomes[broken].error is error
        assert outcomes[1 - broken].error is None
        assert (world.version("a"), names.rows.get("a", 1) is not None) == ((1, False) if broken else (0, True))

    def test_a_row_that_is_not_written_in_one_view_fails_there_alone(self, world: World, names: Names) -> None:
        names.rows.failing = {"a"}
        events = [world.append(created("a")), world.append(created("b"))]

        outcomes = project_all([customers(world), names.fed], events, lambda *_: None)

        assert [outcome.failed for outcome in outcomes] == [set(), {"a"}]
        assert (world.version("a"), world.version("b"), names.rows.get("b", 1) is None) == (1, 1, False)

    def test_an_erasure_is_cleared_in_generations_of_every_view_that_are_not_fed(
        self, world: World, names: Names
    ) -> None:
        first, last = world.append(created("a")), world.append(erased("a", 2))
        names.projector.project([first], 5)

        project_all([customers(world), names.fed], [last], lambda *_: None)

        row = names.rows.get("a", 5)
        assert row
        assert row.is_empty


class TestFunction:
    """The function that the stream invokes."""

    @pytest.fixture
    def function(self, world: World, names: Names, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        for name, value in {"EVENT_TABLE": "events", "READ_TABLE": "rows", "PARTIAL_ANSWERS": "true"}.items():
            monkeypatch.setenv(name, value)
        function = import_module("projections.handlers.project_customers")
        monkeypatch.setattr(function, "views", [customers(world), names.fed])
        monkeypatch.setattr(function, "utc_now", world.now)
        return function

    def records(self, world: World, *customer_ids: str) -> dict[str, Any]:
        events = [world.append(created(customer_id)) for customer_id in customer_ids]
        changes = [{"SequenceNumber": str(n), "NewImage": to_item(each)} for n, each in enumerate(events, 1)]
        return {"Records": [{"eventName": "INSERT", "dynamodb": change} for change in changes]}

    def test_what_any_view_failed_to_write_is_delivered_again(
        self, function: ModuleType, world: World, names: Names
    ) -> None:
        world.read_model.failing, names.rows.failing = {"a"}, {"c"}

        answer = function.handle(self.records(world, "a", "b", "c"), None)

        assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["1", "3"]

    def test_an_error_of_one_view_is_raised_after_the_other_was_projected_and_measured(
        self, function: ModuleType, world: World, names: Names, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        def fail(*_: Any) -> Any:
            raise RuntimeError("Ada Lovelace")

        monkeypatch.setattr(names.projector, "project_into", fail)

        with pytest.raises(Exception, match="The log line 'failed'"):
            function.handle(self.records(world, "a"), None)

        assert world.version("a") == 1
        assert '"EventsProjected":[1.0]' in capsys.readouterr().out
        [failure] = [vars(record) for record in caplog.records if record.message == "view not projected"]
        assert (failure["view"], failure["error"]) == ("names", "RuntimeError")

    def test_each_view_is_measured_and_failures_are_summed(
        self, function: ModuleType, world: World, names: Names, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.read_model.failing, names.rows.failing = {"a"}, {"b", "c"}

        function.handle(self.records(world, "a", "b", "c", "d"), None)

        blobs = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        by_view = {blob["view"]: blob for blob in blobs if "view" in blob}
        [total] = [blob for blob in blobs if "view" not in blob]
        assert {name: (blob["EventsProjected"], blob["CustomersFailed"]) for name, blob in by_view.items()} == {
            "customers": ([3], [1]),
            "names": ([2], [2]),
        }
        assert (total["EventsProjected"], total["CustomersFailed"], total["CustomersParked"]) == ([3], [3], [0])
        assert [each["Dimensions"] for each in total["_aws"]["CloudWatchMetrics"]] == [[["stage", "service"]]]
        assert {"view", "stage", "service"} == set(by_view["names"]["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0])


class TestStackOfAView:
    def test_the_stores_of_another_view_replace_those_of_the_customers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("projections.views.VIEWS", (CUSTOMERS, NAMES))
        stack = FakeStack().stack
        own = ViewStores(NAMES, InMemoryReadModel(), InMemoryGenerations(), InMemoryProgress())
        stack = replace(stack, views={"names": own})

        of_names = stack.for_view("names")

        assert (of_names.view, of_names.read_model, of_names.generations) == (NAMES, own.rows, own.generations)
        assert of_names.progress is own.progress
        assert of_names.store is stack.store
        back = of_names.for_view("customers")
        assert (back.view, back.read_model, back.progress) == (CUSTOMERS, stack.read_model, stack.progress)
        assert stack.for_view("customers") is stack
        with pytest.raises(UnknownView):
            stack.for_view("costumers")


def test_the_scan_of_a_view_asks_for_its_rows_only() -> None:
    asked: list[dict[str, Any]] = []

    class Client:
        def scan(self, **request: Any) -> Any:
            asked.append(request)
            return {"Items": []}

    for view, generations in product((CUSTOMERS, NAMES), ((2,),)):
        DynamoDbReadModel(cast("Any", Client()), "rows", view=view).other_rows(generations, 0, 1, None)

    assert [request["FilterExpression"] for request in asked] == [
        "generation <> :g0 AND attribute_exists(version)",
        "generation <> :g0 AND attribute_exists(view_version) AND begins_with(customer_id, :own)",
    ]
    assert asked[1]["ExpressionAttributeValues"] == {":g0": {"N": "2"}, ":own": {"S": "#names#"}}


def test_each_view_has_a_record_of_its_own() -> None:
    asked: list[str] = []

    class Client:
        def get_item(self, **request: Any) -> Any:
            asked.append(request["Key"]["customer_id"]["S"])
            return {}

    for view in (CUSTOMERS, NAMES):
        DynamoDbGenerations(cast("Any", Client()), "rows", view).load()

    assert asked == ["#generations", "#generations#names"]
