"""The page for consuming teams: its samples run, and its numbers and names are those of the code."""

import re
from typing import Any

import pytest

from consumer_kit import CustomerState, PublishedEvent
from consumer_kit.__main__ import main
from consumer_kit.inbox import WAITING_INDEX, _item
from consumer_kit.ordering import MOST_HELD, GapPolicy, handled, holding
from consumers.welcome.welcome_list import effects
from local.environments import ROOT
from local.template import load_template
from publisher.cloud_event import cloud_event, source_of
from tests.integration.records import an_event
from tests.unit.consumer_kit.deliveries import event
from tests.unit.docs.pages import Page, names

PAGE = Page(ROOT / "docs/how-to/attach-a-consumer.md")
RESOURCES = load_template()["Resources"]


def test_the_samples_run_one_after_the_other() -> None:
    samples = PAGE.fences("python")
    scope: dict[str, Any] = {}

    for sample in samples:
        exec(compile(sample, str(PAGE), "exec"), scope)

    assert len(samples) == 4
    assert isinstance(scope["event"], PublishedEvent)
    assert callable(scope["handle"])


def test_the_event_shown_is_as_the_publisher_makes_it() -> None:
    scope: dict[str, Any] = {}
    exec(PAGE.fences("python")[0], scope)
    published = cloud_event(an_event("4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01", 1), source_of("staging"))

    shown = scope["delivered"]["detail"]
    assert set(shown) == set(published)
    assert set(shown["data"]) == set(published["data"])
    assert {name: shown[name] for name in ("type", "sequence", "dataschema", "source")} == {
        name: published[name] for name in ("type", "sequence", "dataschema", "source")
    }


def test_the_policies_are_those_of_the_kit() -> None:
    rows = PAGE.table("Every event, or the latest", "Policy")

    assert [names(row[0])[0] for row in rows] == [f"GapPolicy.{policy.name}" for policy in GapPolicy]
    assert f"At most {MOST_HELD}\nevents of a customer are held" in PAGE.text


def test_the_commands_are_those_of_the_kit(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"python -m consumer_kit ([\w-]+)(.*)", PAGE.text)

    assert {command for command, _ in commands} == {"waiting", "dead-letters", "redrive"}
    for command, arguments in commands:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        said = capsys.readouterr().out
        for option in re.findall(r"--[\w-]+", arguments):
            assert option in said


def test_the_attributes_of_both_items_are_those_that_are_written() -> None:
    rows = {names(row[0])[0]: set(names(row[1])) for row in PAGE.table("The example in this stack", "`item`")}
    state = holding(handled(CustomerState("c"), event(1), "now"), event(3), "now")
    [update] = effects("list", event(1))
    keys = {"customer_id", "item"}

    assert rows["inbox"] == set(_item(state)) - keys - {WAITING_INDEX}
    assert rows["welcome"] == set(re.findall(r"(\w+) =", update["Update"]["UpdateExpression"]))


def test_dead_letters_are_kept_as_long_as_stated() -> None:
    days = RESOURCES["WelcomeDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"] // 86400

    assert f"`WelcomeDeadLetterQueue` has {days} days" in PAGE.text


def test_the_index_of_who_waits_is_as_stated() -> None:
    [index] = RESOURCES["WelcomeTable"]["Properties"]["GlobalSecondaryIndexes"]

    assert index["IndexName"] == WAITING_INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["waiting", "waiting_since"]
    assert index["Projection"]["NonKeyAttributes"] == ["version"]
