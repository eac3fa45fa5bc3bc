"""The README says of the stack what the template and the Makefile say."""

import ast
import re
import shlex
from typing import Any

import pytest

from local.environments import ROOT
from local.template import load_template
from tests.unit.docs.pages import PAGES, README, TOKENS, Page, fences, names

TEMPLATE = load_template()
RESOURCES = TEMPLATE["Resources"]
FUNCTIONS = {
    name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"
}
MAKEFILE = (ROOT / "Makefile").read_text()
ROUTE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/\S*)")
MAKE = re.compile(r"\bmake +(?:-s +|--silent +)?([a-z][a-z-]*)")


def stated(heading: str, first_column: str) -> list[str]:
    return [name for row in README.table(heading, first_column) for name in names(row[0])]


def in_stage(value: Any, stage: str) -> str:
    return str(value["Sub"]).replace("${Stage}", stage)


def test_the_contract_has_every_route_and_no_other() -> None:
    events = [event["Properties"] for each in FUNCTIONS.values() for event in each.get("Events", {}).values()]

    assert sorted(stated("HTTP contract", "Route")) == sorted(f"{event['Method']} {event['Path']}" for event in events)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_page_names_a_route_that_does_not_exist(page: Page) -> None:
    routes = set(stated("HTTP contract", "Route"))

    assert {f"{method} {path}" for span in page.spans for method, path in ROUTE.findall(span)} <= routes


def test_each_route_names_the_scope_it_asks_for() -> None:
    scopes = {
        f"{event['Properties']['Method']} {event['Properties']['Path']}": event["Properties"]["Auth"].get(
            "AuthorizationScopes", []
        )
        for each in FUNCTIONS.values()
        for event in each.get("Events", {}).values()
    }

    assert {names(row[0])[0]: names(row[1]) for row in README.table("HTTP contract", "Route")} == scopes


def test_the_readme_has_every_documented_make_target() -> None:
    documented = re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE)

    assert sorted(MAKE.findall(" ".join(stated("Two commands", "Command")))) == sorted(documented)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_named_anywhere_exists(page: Page) -> None:
    targets = re.findall(r"^([a-zA-Z-]+):", MAKEFILE, re.MULTILINE)
    named = [
        target for code in (*page.spans, *page.fences("sh"), *page.fences("console")) for target in MAKE.findall(code)
    ]

    assert set(named) <= set(targets)


def test_the_outputs_are_those_of_the_stack() -> None:
    assert sorted(stated("Outputs", "Output")) == sorted(TEMPLATE["Outputs"])


def test_every_function_has_its_environment_variables_and_no_other() -> None:
    common = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    expected = {
        name: set(common) | set(each.get("Environment", {}).get("Variables", {})) for name, each in FUNCTIONS.items()
    }

    found: dict[str, set[str]] = {name: set() for name in FUNCTIONS}
    for variables, functions, *_ in README.table("Environment variables", "Variable"):
        for function in FUNCTIONS if functions == "all" else names(functions):
            found[function] |= set(names(variables))

    assert found == expected


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

    assert sorted(stated("Monitoring", "Metric")) == sorted(counted)
    namespace = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    assert f"`{namespace}`" in README.section("Monitoring")


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


def test_what_people_look_for_in_cognito_has_its_name() -> None:
    tokens = TOKENS.text
    domain = str(RESOURCES["UserPoolDomain"]["Properties"]["Domain"]["Sub"])

    for stage in ("staging", "production"):
        assert f"`{in_stage(RESOURCES['UserPool']['Properties']['UserPoolName'], stage)}`" in tokens
    assert f"`{in_stage(RESOURCES['UserPoolClient']['Properties']['ClientName'], 'staging')}`" in tokens
    assert f"`{domain.replace('${Stage}', '{env}').replace('${AWS::AccountId}', '{accountId}')}`" in tokens


def test_tokens_are_asked_for_as_the_clients_allow() -> None:
    tokens, people = TOKENS.text, RESOURCES["UserPoolClient"]["Properties"]

    *fixed, documentation = people["CallbackURLs"]
    for callback in fixed:
        assert callback in tokens
    assert all("/docs/oauth2-redirect.html" in address["Sub"] for address in documentation["If"][1:])
    assert f"`{' '.join(people['AllowedOAuthScopes'])}`" in tokens
    assert f"'scope={' '.join(RESOURCES['MachineClient']['Properties']['AllowedOAuthScopes'])}'" in tokens
    policy = RESOURCES["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert f"{policy['MinimumLength']} characters or more" in tokens


@pytest.mark.parametrize("parameter", ["Stage", "Runtime", "Architecture"])
def test_the_deployment_sets_parameters_to_what_they_allow(parameter: str) -> None:
    values = re.findall(rf"\b{parameter}=([\w.]+)", README.section("Deploy to AWS"))

    assert values
    assert set(values) <= set(TEMPLATE["Parameters"][parameter]["AllowedValues"])


def test_the_layer_is_built_for_the_runtime_that_is_deployed() -> None:
    [block] = fences(README.section("Deploy to AWS"), "sh")
    words = dict(word.split("=", 1) for word in shlex.split(block) if "=" in word)
    layer = (ROOT / "shared/layer/Makefile").read_text()

    assert f"python{words['LAYER_PYTHON']}" == words["Runtime"] == TEMPLATE["Parameters"]["Runtime"]["Default"]
    for variable in ("LAYER_PYTHON", "LAYER_PLATFORM"):
        assert f"{variable} ?= {words[variable]}\n" in layer
    assert words["LAYER_PLATFORM"].startswith(words["Architecture"])
