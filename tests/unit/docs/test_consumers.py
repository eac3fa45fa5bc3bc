"""The pages for consuming teams: their samples run, and their numbers and names match the code."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from consumer_kit import Action, CustomerState, PublishedEvent, __version__, decide
from consumer_kit.__main__ import main
from consumer_kit.dynamodb_inbox import WAITING_INDEX, to_item
from consumer_kit.ordering import MAX_HELD_BYTES, GapPolicy, after_handling, after_holding
from consumers.welcome.welcome_list import effects
from contracts.events import schemas
from local.consumer.stack import known_parameters
from local.environments import ROOT
from local.template import load_template
from publisher.cloud_event import ATTRIBUTES, cloud_event, source_of
from publisher.entries import SOURCE
from tests.integration.records import an_event
from tests.unit.consumer_kit.deliveries import event
from tests.unit.docs.pages import PAGES, Page, names

PAGE = Page(ROOT / "docs/how-to/attach-a-consumer.md")
REFERENCE = Page(ROOT / "docs/reference/events.md")
RESOURCES = load_template()["Resources"]
MAKEFILE = (ROOT / "docs/examples/consumer/Makefile").read_text()


def test_the_samples_run_in_order() -> None:
    samples = PAGE.fences("python")
    scope: dict[str, Any] = {}

    for sample in samples:
        exec(compile(sample, str(PAGE), "exec"), scope)

    assert len(samples) == 4
    assert isinstance(scope["event"], PublishedEvent)
    assert callable(scope["handle"])


def test_the_sample_event_has_the_published_attributes() -> None:
    scope: dict[str, Any] = {}
    exec(PAGE.fences("python")[0], scope)
    published = cloud_event(an_event("4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01", 1), source_of("staging"))

    sample = scope["delivered"]["detail"]
    assert set(sample) == set(published)
    assert set(sample["data"]) == set(published["data"])
    assert {name: sample[name] for name in ("type", "sequence", "dataschema", "source")} == {
        name: published[name] for name in ("type", "sequence", "dataschema", "source")
    }


def test_the_reference_lists_every_attribute() -> None:
    rows = REFERENCE.table("Event format", "Attribute")

    assert [names(row[0])[0] for row in rows] == list(schemas.attributes()["properties"])
    assert {names(row[0])[0] for row in rows} == ATTRIBUTES


def test_the_gap_policies_are_those_of_the_kit() -> None:
    rows = PAGE.table("Choose a gap policy", "Policy")

    assert [names(row[0])[0] for row in rows] == [f"GapPolicy.{policy.name}" for policy in GapPolicy]
    assert f"At most {MAX_HELD_BYTES // 1000} KB of events are held for a customer" in " ".join(PAGE.text.split())


@pytest.mark.parametrize("page", [page for page in PAGES if "EventPattern" in page.text], ids=str)
def test_every_rule_on_a_page_matches_every_type(page: Page) -> None:
    """A type that a rule leaves out is a gap for `GapPolicy.EVERY`, or an erasure that never arrives."""
    patterns = [
        resource["Properties"]["EventPattern"]
        for fence in page.fences("yaml")
        for resource in yaml.safe_load(fence.replace("!", "")).values()
        if "EventPattern" in resource["Properties"]
    ]

    assert patterns
    assert all(pattern == {"source": [SOURCE]} for pattern in patterns)


def test_a_consumer_of_every_event_waits_for_a_type_that_its_rule_leaves_out() -> None:
    created, later = event(1), event(3)
    state = after_handling(CustomerState(created.customer_id), created, "now")

    assert decide(state, later, GapPolicy.EVERY) is Action.HOLD
    assert decide(state, later, GapPolicy.LATEST) is Action.HANDLE


def test_the_pinned_version_is_that_of_the_kit() -> None:
    pinned = re.findall(r"@consumer-kit-([\w.]+)#subdirectory=consumer_kit", PAGE.text + MAKEFILE)

    assert pinned == [__version__] * 2
    assert "customers-consumer-kit[aws] @ git+" in PAGE.text
    kit = tomllib.loads((ROOT / "consumer_kit/pyproject.toml").read_text())["project"]
    assert (kit["name"], kit["optional-dependencies"]) == ("customers-consumer-kit", {"aws": ["boto3"]})


def test_the_parameters_of_make_consumer_are_those_that_it_sets() -> None:
    rows = PAGE.table("Run yours against the local stack", "Parameter")
    example = load_template(ROOT / "docs/examples/consumer/template.yml")

    assert [names(row[0])[0] for row in rows] == list(known_parameters())
    assert known_parameters().keys() <= example["Parameters"].keys()


def test_the_commands_are_those_of_the_kit(capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"python -m consumer_kit ([a-z][\w-]*)(.*)", PAGE.text)

    assert {command for command, _ in commands} == {"waiting", "skip", "left-behind", "dead-letters", "redrive"}
    for command, arguments in commands:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        help_text = capsys.readouterr().out
        for option in re.findall(r"--[\w-]+", arguments):
            assert option in help_text


def test_the_attributes_of_both_items_are_complete() -> None:
    rows = {names(row[0])[0]: set(names(row[1])) for row in PAGE.table("The example in this stack", "`item`")}
    state = after_holding(after_handling(CustomerState("c"), event(1, epoch=2), "now"), event(3, epoch=2), "now")
    [update] = effects("list", event(1, epoch=2))
    keys = {"customer_id", "item"}

    assert rows["inbox"] == set(to_item(state)) - keys - {WAITING_INDEX}
    assert rows["welcome"] == set(re.findall(r"(\w+) =", update["Update"]["UpdateExpression"]))


def test_the_retention_of_dead_letters_is_that_of_the_template() -> None:
    days = RESOURCES["WelcomeDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"] // 86400

    assert f"`WelcomeDeadLetterQueue` has {days} days" in PAGE.text


def test_the_index_of_missing_events_is_that_of_the_template() -> None:
    [index] = RESOURCES["WelcomeTable"]["Properties"]["GlobalSecondaryIndexes"]

    assert index["IndexName"] == WAITING_INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["waiting", "waiting_since"]
    assert index["Projection"]["NonKeyAttributes"] == ["version"]
