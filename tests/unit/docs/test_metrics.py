"""The metrics page lists the metrics that the code counts."""

import ast

from local.environments import ROOT
from local.template import load_template
from tests.unit.docs.pages import METRICS, names

VARIABLES = load_template()["Globals"]["Function"]["Environment"]["Variables"]


def test_the_metrics_are_those_that_the_code_counts() -> None:
    sources = [
        path
        for package in ("shared", "commands", "projections", "publisher", "queries", "consumers")
        for path in (ROOT / package).rglob("*.py")
    ]
    counted = [
        name
        for tree in (ast.parse(path.read_text()) for path in sources)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_metric"
        for name in metric_names(call.args[0], tree)
    ]

    counted += [
        transformation["MetricName"]
        for each in load_template()["Resources"].values()
        if each["Type"] == "AWS::Logs::MetricFilter"
        for transformation in each["Properties"]["MetricTransformations"]
    ]

    listed = [name for row in METRICS.table("Metrics", "Metric") for name in names(row[0])]
    assert sorted(listed) == sorted(counted)
    assert f"namespace `{VARIABLES['POWERTOOLS_METRICS_NAMESPACE']}`" in METRICS.section("Metrics")


def metric_names(name: ast.expr, tree: ast.Module) -> list[str]:
    """The metrics that a call counts; a name that is made up of the answer's class is one for each class."""
    if isinstance(name, ast.Name):
        return looped_over(name.id, tree)
    if not isinstance(name, ast.JoinedStr):
        return [ast.literal_eval(name)]
    form = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in name.values)
    return [form.format(digit) for digit in (2, 4, 5)]


def looped_over(variable: str, tree: ast.Module) -> list[str]:
    """The keys of the dictionary whose items a loop gives to a variable."""
    [written] = [
        ast.unparse(loop.iter).removesuffix(".items()")
        for loop in ast.walk(tree)
        if isinstance(loop, ast.For) and variable in ast.unparse(loop.target).strip("()").split(", ")
        if "add_metric" in ast.unparse(loop)
    ]
    [keys] = [
        node.value.keys
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == written and isinstance(node.value, ast.Dict)
    ]
    return [ast.literal_eval(key) for key in keys if key]
