"""The sums on the costs page are right, and the dashboard calculates with the same prices."""

import json
import math
import re

import pytest

from local.environments import ROOT
from local.template import load_template
from tests.unit.docs.pages import METRICS, Page, names

COSTS = Page(ROOT / "docs/reference/costs.md")
PRICES = {names(row[0])[0]: float(row[1]) for row in COSTS.table("Prices", "Price")}
RESOURCES = load_template()["Resources"]
SECONDS_A_MONTH = 730.5 * 3600


def units(cell: str) -> tuple[float, float]:
    found = re.fullmatch(r"([\d.]+) R ([\d.]+) W", cell)
    assert found, cell
    return float(found[1]), float(found[2])


def dynamodb(cell: str) -> float:
    read, write = units(cell)
    return read * PRICES["read"] + write * PRICES["write"]


def equal(stated: str, calculated: float) -> bool:
    return math.isclose(float(stated), calculated, abs_tol=0.0051)


@pytest.mark.parametrize("row", COSTS.table("A million", "What"), ids=lambda row: row[0])
def test_a_million_costs_what_is_stated(row: list[str]) -> None:
    _, cell, milliseconds, calls, tables_, functions, gateway, total = row
    [batch_size] = re.findall(r"batch of (\d+)", row[0]) or ["1"]
    share = 1 / int(batch_size)
    in_functions = share * (PRICES["request"] + float(milliseconds) / 1000 * 1_000_000 * PRICES["second"])
    before = int(calls) * (PRICES["call"] + PRICES["inspected"])

    assert equal(tables_, share * dynamodb(cell))
    assert equal(functions, in_functions)
    assert equal(gateway, before)
    assert equal(total, share * dynamodb(cell) + in_functions + before)


@pytest.mark.parametrize("row", COSTS.table("A million rebuilt events", "Step"), ids=lambda row: row[0])
def test_a_step_of_a_rebuild_costs_what_is_stated(row: list[str]) -> None:
    assert equal(row[2], dynamodb(row[1]))


def test_a_scan_reads_as_much_as_is_stated() -> None:
    [size] = map(int, re.findall(r"taken for (\d+) bytes", COSTS.text))
    scans = [units(row[1])[0] for row in COSTS.table("A million rebuilt events", "Step") if "scan" in row[0]]

    assert scans == [round(size / 4096, 3), round(size / 4096, 3), round(2 * size / 4096, 3)]
    [stated] = set(re.findall(r"\$([\d.]+) for (?:fill|verify)", COSTS.text))
    assert equal(stated, 2 / 1000 * 1_000_000 * PRICES["second"])


@pytest.mark.parametrize("row", COSTS.table("A month without traffic", "What"), ids=lambda row: row[0])
def test_a_month_costs_what_is_stated(row: list[str]) -> None:
    assert equal(row[3], int(row[1]) * float(row[2]))


def test_everything_that_costs_without_traffic_is_counted() -> None:
    stated = {row[0]: int(row[1]) for row in COSTS.table("A month without traffic", "What")}
    alarms = [each["Properties"] for each in RESOURCES.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = [sum("MetricStat" in each for each in alarm.get("Metrics", [{"MetricStat": 1}])) for alarm in alarms]
    own = {name for row in METRICS.table("Metrics", "Metric") for name in names(row[0])}

    assert stated["Alarm metrics"] == sum(watched)
    assert stated["Firewall rules"] == len(RESOURCES["Firewall"]["Properties"]["Rules"])
    assert stated["Custom metrics"] == len(own)
    assert stated["Snapshots of functions, in production"] == sum(
        "SnapStart" in each.get("Properties", {}) for each in RESOURCES.values()
    )


def test_a_snapshot_costs_what_is_stated_for_a_month() -> None:
    [second] = re.findall(
        r"\$(0\.\d+) for each GB and\s+second", (ROOT / "docs/decisions/0023-snapshots-for-the-api.md").read_text()
    )
    [stated] = [row[2] for row in COSTS.table("A month without traffic", "What") if row[0].startswith("Snapshots")]
    memory = load_template()["Globals"]["Function"]["MemorySize"]

    assert equal(stated, float(second) * SECONDS_A_MONTH * memory / 1024)


def test_the_dashboard_calculates_with_these_prices() -> None:
    board = json.loads(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"][0])
    sums = {
        metric[0]["id"]: metric[0]["expression"]
        for metric in board["widgets"][-1]["properties"]["metrics"]
        if isinstance(metric[0], dict)
    }

    assert f"* {PRICES['write']} / 1000000" in sums["dynamodb"]
    assert f"* {PRICES['read']} / 1000000" in sums["dynamodb"]
    assert f"/ 1000 * {PRICES['second']:.10f}" in sums["lambda"]
    assert f"* {PRICES['request']:.2f} / 1000000" in sums["lambda"]
    assert f"* {PRICES['call']:.2f} / 1000000" in sums["gateway"]
    assert f"* {PRICES['published']:.2f} / 1000000" in sums["bus"]
