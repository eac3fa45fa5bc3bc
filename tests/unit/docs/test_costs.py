"""The sums on the costs page are right, and the dashboard calculates with the same prices."""

import json
import math
import re
from typing import Any

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


IDLE = COSTS.table("A month without traffic", "What")
# Column of the table -> the quantities that the template gives.
STAGES = {2: ("staging", "full"), 3: ("production", "full"), 4: ("staging", "basic")}


def created(stage: str, protection: str) -> dict[str, Any]:
    """The resources of a stage, without parameters but these."""
    basic = {"OnAws", "HasAlarmEmail"} if protection == "basic" else set()
    left_out = {"OnLocalAws", "HasAllowedOrigins", "HasAllowedOriginsOnAws", "SetGatewayAccount", "HasBudget",
                "HasAlarmEmail", "DeployGradually"}  # fmt: skip
    holding = basic or {each.get("Condition") for each in RESOURCES.values()} - left_out
    return {name: each for name, each in RESOURCES.items() if each.get("Condition", "OnAws") in holding}


@pytest.mark.parametrize("column", STAGES)
def test_a_month_costs_what_is_stated(column: int) -> None:
    rows, [together] = IDLE[:-1], [row for row in IDLE if row[0] == "**Together**"]

    assert equal(together[column], sum(float(row[1]) * int(row[column]) for row in rows))


@pytest.mark.parametrize("column", STAGES)
def test_everything_that_costs_without_traffic_is_counted(column: int) -> None:
    stage, protection = STAGES[column]
    stated = {row[0]: int(row[column]) for row in IDLE[:-1]}
    resources = created(stage, protection)
    alarms = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    watched = [sum("MetricStat" in each for each in alarm.get("Metrics", [{"MetricStat": 1}])) for alarm in alarms]
    with_snapshots = sum("SnapStart" in each.get("Properties", {}) for each in resources.values())

    assert stated["Alarm metrics"] == sum(watched)
    assert stated["Dashboard"] == ("Dashboard" in resources)
    assert stated["Firewall"] == ("Firewall" in resources)
    assert stated["Firewall rules"] == len(resources.get("Firewall", {}).get("Properties", {}).get("Rules", ()))
    assert stated["Key"] == ("DataKey" in resources)
    assert stated["Secret"] == sum(each["Type"] == "AWS::SecretsManager::Secret" for each in resources.values())
    assert stated["Snapshots of functions"] == (with_snapshots if stage == "production" else 0)
    scheduled = [
        name
        for name, each in resources.items()
        for event in each.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Schedule"
    ]
    assert scheduled == [name for row in IDLE for name in names(row[0]) if "every minute" in row[0]]


def test_the_custom_metrics_are_counted() -> None:
    own = {name for row in METRICS.table("Metrics", "Metric") for name in names(row[0])}
    [(each, count, together)] = re.findall(
        r"cost ([\d.]+) each for a month [^,]+, (\d+) of them (\d+\.\d\d)", COSTS.text
    )

    assert int(count) == len(own)
    assert equal(together, float(each) * len(own))


def test_the_function_that_runs_every_minute_costs_what_is_stated() -> None:
    pattern = (
        r"every minute, ([\d,]+) times a month. With (\d+) ms, (\d+) read unit, (\d+) bytes of logs and\s+a trace each"
    )
    [(runs, milliseconds, reads, size)] = re.findall(pattern, COSTS.text)
    [stated] = [row[1] for row in IDLE if "every minute" in row[0]]
    times = int(runs.replace(",", ""))

    assert times == SECONDS_A_MONTH / 60
    millions = times / 1_000_000
    calculated = millions * (PRICES["request"] + PRICES["traced"] + int(reads) * PRICES["read"])
    calculated += times * int(milliseconds) / 1000 * PRICES["second"] + times * int(size) / 1e9 * PRICES["logged"]
    assert equal(stated, calculated)


@pytest.mark.parametrize("row", COSTS.table("What comes with it", "What"), ids=lambda row: row[0])
def test_what_comes_with_it_costs_what_is_stated(row: list[str]) -> None:
    [price] = names(row[2])

    assert equal(row[3], float(row[1].split()[0]) * PRICES[price])


def test_a_million_customers_are_as_large_as_is_stated() -> None:
    pattern = (
        r"An event and a row count (\d+) bytes each, an index entry (\d+), one of an address (\d+) and a claim (\d+), "
        r"and DynamoDB adds (\d+)"
    )
    [(item, entry, address, claim, added)] = [tuple(map(int, found)) for found in re.findall(pattern, COSTS.text)]
    stated = {row[0].split()[0]: float(row[1].split()[0]) for row in COSTS.table("What comes with it", "What")}

    without_indexes = 2 * item + claim + 3 * added
    assert math.isclose(stated["Storage"], (without_indexes + entry + address + 2 * added) / 1000, abs_tol=0.05)
    assert math.isclose(stated["Their"], without_indexes / 1000, abs_tol=0.05)


def test_a_loop_of_creates_costs_what_is_stated() -> None:
    creates = sum(float(row[7]) for row in COSTS.table("A million", "What") if row[0].startswith("customers created"))
    published = PRICES["published"] + 0.07
    [(a_second, loop)] = re.findall(r"at the (\d+) a second of `CreateThrottle`, costs about \$([\d,]+)", COSTS.text)
    [(units, slower, limited)] = re.findall(
        r"With `MaxWriteUnits=(\d+)`, about (\d+) creates a second and \$(\d+)", COSTS.text
    )

    def a_month(rate: float) -> float:
        return rate * SECONDS_A_MONTH / 1_000_000 * (creates + published)

    assert int(a_second) == load_template()["Parameters"]["CreateThrottle"]["Default"]
    assert math.isclose(float(loop.replace(",", "")), a_month(int(a_second)), rel_tol=0.02)
    # A create takes two write units of the event table.
    assert int(units) == 2 * int(slower)
    assert math.isclose(float(limited), a_month(int(slower)), rel_tol=0.02)


def test_a_snapshot_costs_what_is_stated_for_a_month() -> None:
    [second] = re.findall(
        r"\$(0\.\d+) for each GB and\s+second", (ROOT / "docs/decisions/0023-snapshots-for-the-api.md").read_text()
    )
    [stated] = [row[1] for row in IDLE if row[0].startswith("Snapshots")]
    memory = load_template()["Globals"]["Function"]["MemorySize"]

    assert equal(stated, float(second) * SECONDS_A_MONTH * memory / 1024)


def cost_graph() -> list[list[Any]]:
    """The metrics of the dashboard's last graph."""
    text, _ = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    found: list[list[Any]] = json.loads(text)["widgets"][-1]["properties"]["metrics"]
    return found


def sums_of_the_dashboard() -> dict[str, str]:
    return {each[0]["id"]: each[0]["expression"] for each in cost_graph() if isinstance(each[0], dict)}


def test_the_dashboard_calculates_with_these_prices() -> None:
    sums = sums_of_the_dashboard()

    assert f"* {PRICES['write']} / 1000000" in sums["dynamodb"]
    assert f"* {PRICES['read']} / 1000000" in sums["dynamodb"]
    assert f"/ 1000 * {PRICES['second']:.10f}" in sums["lambda"]
    assert f"* {PRICES['request']:.2f} / 1000000" in sums["lambda"]
    assert f"* {PRICES['call']:.2f} / 1000000" in sums["gateway"]
    assert f"* {PRICES['published']:.2f} / 1000000" in sums["bus"]
    assert f"* {PRICES['inspected']:.2f} / 1000000" in sums["firewall"]
    assert f"/ 1000000000 * {PRICES['logged']:.2f}" in sums["logs"]


def test_the_dashboard_adds_what_costs_without_traffic() -> None:
    _, values = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    condition, production, staging = values["FixedPerHour"]["If"]
    fixed = [row for row in IDLE[:-1] if "every minute" not in row[0]]

    assert condition == "UseSnapStart"
    for stated, column in ((staging, 2), (production, 3)):
        month = sum(float(row[1]) * int(row[column]) for row in fixed)
        assert math.isclose(float(stated), month / 730.5, abs_tol=0.0001)
    assert "${FixedPerHour}" in sums_of_the_dashboard()["fixed"]


# Metric of the graph -> kinds of resources that must be in it.
GRAPHED = {
    "Duration": {"AWS::Serverless::Function"},
    "Invocations": {"AWS::Serverless::Function"},
    "ConsumedWriteCapacityUnits": {"AWS::DynamoDB::Table"},
    "ConsumedReadCapacityUnits": {"AWS::DynamoDB::Table"},
    "IncomingBytes": {"AWS::Logs::LogGroup"},
}


@pytest.mark.parametrize("metric", GRAPHED)
def test_the_graph_has_every_resource(metric: str) -> None:
    _, values = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    renamed = {name: each["If"][1]["Ref"] for name, each in values.items() if "Ref" in str(each)}
    shown = [each for each in cost_graph() if each[1:2] == [metric]]
    resources = [re.findall(r"\$\{(\w+)\}", each[3])[0] for each in shown]
    expected = [
        (name, index)
        for name, each in RESOURCES.items()
        if each["Type"] in GRAPHED[metric]
        for index in [None, *(part["IndexName"] for part in each["Properties"].get("GlobalSecondaryIndexes", ()))]
    ]

    found = [
        (renamed.get(name, name), each[5] if "GlobalSecondaryIndexName" in each else None)
        for name, each in zip(resources, shown, strict=True)
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_every_metric_of_the_graph_is_in_a_sum() -> None:
    text = " ".join(sums_of_the_dashboard().values())
    used = set(re.findall(r"FILL\((\w+), 0\)", text))

    assert used == {each[-1]["id"] for each in cost_graph() if isinstance(each[0], str)}


def test_every_function_has_the_memory_that_the_sums_assume() -> None:
    assert load_template()["Globals"]["Function"]["MemorySize"] == 1024
    assert not [name for name, each in RESOURCES.items() if "MemorySize" in each.get("Properties", {})]
