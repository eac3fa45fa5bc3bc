"""The wiring plan is what template.yml makes, and shows every resource that takes part."""

import re
from typing import Any, Final

import pytest

from contracts.wiring.graph import Arrow, Link, Theme, arrows
from contracts.wiring.page import FILE, SHAPES, rendered
from local.template import load_template, with_own_event_table

TEMPLATE: Final = with_own_event_table(load_template())
RESOURCES: Final = TEMPLATE["Resources"]
ARROWS: Final = arrows(TEMPLATE)


def between(source: str, target: str) -> set[Link]:
    return {arrow.link for arrow in ARROWS if (arrow.source, arrow.target) == (source, target)}


def test_the_page_is_what_the_template_makes() -> None:
    assert FILE.read_text() == rendered(TEMPLATE), "run make contracts"


@pytest.mark.parametrize("kind", SHAPES)
def test_every_resource_of_a_kind_is_on_the_plan(kind: str) -> None:
    resources = {name for name, resource in RESOURCES.items() if resource["Type"] == kind}

    assert resources
    assert resources <= {name for arrow in ARROWS for name in (arrow.source, arrow.target)}


def test_every_route_leads_to_its_function() -> None:
    routes = {
        (name, f"{event['Properties']['Method']} {event['Properties']['Path']}")
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }

    assert {(arrow.target, arrow.label) for arrow in ARROWS if arrow.source == "CustomersApi"} >= routes


@pytest.mark.parametrize(
    ("source", "target", "links"),
    [
        ("CreateCustomer", "EventTable", {Link.DELIVERS}),
        ("CreateCustomer", "ReadTable", set()),
        ("GetCustomer", "ReadTable", {Link.READS}),
        ("ProjectCustomers", "EventTable", {Link.READS}),
        ("ProjectCustomers", "ReadTable", {Link.READS, Link.DELIVERS}),
        ("PublishEvents", "CustomersBus", {Link.DELIVERS}),
        ("PublishEvents", "PublishFailureQueue", {Link.FAILS}),
        ("EventTable", "ProjectCustomersMapping", {Link.DELIVERS}),
        ("CustomersBus", "WelcomeRule", {Link.DELIVERS}),
        ("WelcomeQueue", "WelcomeDeadLetterQueue", {Link.FAILS}),
        ("RebuildProjection", "RebuildSegment", {Link.INVOKES}),
        ("CodeDeploy", "CreateCustomerPreTraffic", {Link.INVOKES}),
    ],
)
def test_an_arrow_shows_what_the_template_connects(source: str, target: str, links: set[Link]) -> None:
    assert between(source, target) == links


def test_permissions_that_serve_a_mapping_alone_are_not_arrows_of_the_function() -> None:
    """The role of a mapping's function reads the stream and reports lost batches, but the function does neither."""
    assert between("ProjectCustomers", "ProjectionFailureQueue") == set()
    assert between("PublishEvents", "EventTable") == set()


def test_a_resource_that_is_added_gets_its_arrows() -> None:
    function: dict[str, Any] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            "Policies": [{"Statement": [{"Action": "dynamodb:PutItem", "Resource": {"GetAtt": "Table.Arn"}}]}],
        },
    }
    template = {"Resources": {"Write": function, "Table": {"Type": "AWS::DynamoDB::Table"}}}

    assert arrows(template) == [Arrow(Theme.EVENTS, "Write", "Table", Link.DELIVERS)]
    assert 'Write["Write"]\n    Table[("Table")]\n    Write --> Table' in rendered(template)


def test_the_legend_explains_every_shape_and_every_link() -> None:
    legend = rendered(TEMPLATE).partition("## Legend\n")[2].partition("## ")[0]

    assert all(f'"{called}"' in legend for called, _ in SHAPES.values())
    assert all(re.search(rf" {re.escape(link.value)}\|", legend) for link in Link)
    assert len({shape for _, shape in SHAPES.values()}) == len(SHAPES)
