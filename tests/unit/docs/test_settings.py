"""The settings page lists the parameters, outputs and environment variables of the template."""

import pytest

from local.template import load_template
from tests.unit.docs.pages import SETTINGS, names

TEMPLATE = load_template()
FUNCTIONS = {
    name: each["Properties"]
    for name, each in TEMPLATE["Resources"].items()
    if each["Type"] == "AWS::Serverless::Function"
}
PARAMETERS = {names(row[0])[0]: row for row in SETTINGS.table("Parameters", "Parameter")}


def test_the_parameters_are_those_of_the_template() -> None:
    assert sorted(PARAMETERS) == sorted(TEMPLATE["Parameters"])


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_a_parameter_has_the_default_and_the_values_of_the_template(parameter: str) -> None:
    _, default, allowed, _ = PARAMETERS[parameter]
    declared = TEMPLATE["Parameters"][parameter]

    assert default == (f"`{declared['Default']}`" if declared["Default"] != "" else "empty")
    if "AllowedValues" in declared:
        assert names(allowed) == [str(value) for value in declared["AllowedValues"]]
    if "MaxValue" in declared:
        assert allowed == f"{declared['MinValue']} to {declared['MaxValue']}"
    elif "MinValue" in declared:
        assert allowed == f"{declared['MinValue']} or more"


def test_the_outputs_are_those_of_the_stack() -> None:
    listed = [name for row in SETTINGS.table("Outputs", "Output") for name in names(row[0])]

    assert sorted(listed) == sorted(TEMPLATE["Outputs"])


def test_every_function_has_its_environment_variables_and_no_other() -> None:
    common = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    expected = {
        name: set(common) | set(each.get("Environment", {}).get("Variables", {})) for name, each in FUNCTIONS.items()
    }

    found: dict[str, set[str]] = {name: set() for name in FUNCTIONS}
    for variables, functions, *_ in SETTINGS.table("Environment variables", "Variable"):
        for function in FUNCTIONS if functions == "all" else names(functions):
            found[function] |= set(names(variables))

    assert found == expected
