"""The deployment guide sets parameters that the template has, and builds the layer for the runtime it deploys."""

import re
import shlex

import pytest

from local.environments import ROOT
from local.template import load_template
from operations.command_line import parse
from tests.unit.docs.pages import DEPLOY, Page

PARAMETERS = load_template()["Parameters"]


@pytest.mark.parametrize("parameter", ["Stage", "Runtime", "Architecture"])
def test_the_deployment_sets_parameters_to_what_they_allow(parameter: str) -> None:
    values = re.findall(rf"\b{parameter}=([\w.]+)", DEPLOY.text)

    assert values
    declared = PARAMETERS[parameter]
    for value in values:
        if "AllowedPattern" in declared:
            assert re.fullmatch(declared["AllowedPattern"], value), value
        else:
            assert value in declared["AllowedValues"]


def test_the_layer_is_built_for_the_runtime_that_is_deployed() -> None:
    code = " ".join(block for block in DEPLOY.fences("sh") if "make build" in block or "sam deploy" in block)
    words = dict(word.split("=", 1) for word in shlex.split(code) if "=" in word)
    layer = (ROOT / "shared/layer/Makefile").read_text()

    assert f"python{words['LAYER_PYTHON']}" == words["Runtime"] == PARAMETERS["Runtime"]["Default"]
    for variable in ("LAYER_PYTHON", "LAYER_PLATFORM"):
        assert f"{variable} ?= {words[variable]}\n" in layer
    assert words["LAYER_PLATFORM"].startswith(words["Architecture"])


GUIDES = {name: Page(ROOT / f"docs/how-to/{name}.md") for name in ("deploy", "run-the-pipeline", "first-hour")}


def commands(page: Page, program: str) -> list[list[str]]:
    """Return the commands of a page that begin with a program, each as its words."""
    lines = [line.strip() for block in page.fences("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line) for line in lines if line.startswith(f"{program} ")]


@pytest.mark.parametrize("guide", ["deploy", "first-hour"])
def test_a_deployment_runs_as_pasted(guide: str) -> None:
    """The region is given, and the pinned SAM command line is put on the path before it is used."""
    page = GUIDES[guide]
    deployments = commands(page, "sam deploy")

    assert len(deployments) >= 2
    for words in deployments:
        assert words[words.index("--region") + 1] == "$AWS_REGION"
        overrides = words[words.index("--parameter-overrides") + 1 :]
        assert {word.split("=")[0] for word in overrides if "=" in word} <= set(PARAMETERS)
    before = page.text[: page.text.index("sam deploy --")]
    assert "export AWS_REGION=" in before
    assert 'export PATH="$PWD/.local/venvs/sam/bin:$PATH"' in before


@pytest.mark.parametrize("guide", GUIDES)
def test_the_operators_commands_of_a_guide_exist(guide: str) -> None:
    found = commands(GUIDES[guide], "make customers")

    assert found
    for _, _, argument in (words[:3] for words in found):
        arguments = parse(argument.removeprefix("ARGS=").split())
        assert callable(arguments.run)


def test_the_options_of_the_pipeline_are_those_that_it_reads() -> None:
    source = (ROOT / "pipeline/customers_pipeline/settings.py").read_text()
    options = set(
        re.findall(
            r'"(\w+)"', source[source.index("OPTIONS = (") : source.index(")  # fmt", source.index("OPTIONS = ("))]
        )
    )
    documented = set(re.findall(r"-c (\w+)=", GUIDES["run-the-pipeline"].text))

    assert len(options) > 10
    assert documented == options


def test_a_pipeline_s_parameters_are_the_template_s() -> None:
    text = GUIDES["run-the-pipeline"].text
    given = re.findall(r'_parameters"?[=:] ?"?([\w= :/.,-]*)', text)

    names = {pair.split("=")[0] for each in given for pair in each.split() if "=" in pair}
    assert {"Mfa", "SelfSignUp", "AllowedOrigins", "SetsGatewayAccount"} <= names <= set(PARAMETERS)
