"""The deployment guide sets parameters that the template has, and builds the layer for the runtime it deploys."""

import re
import shlex

import pytest

from local.environments import ROOT
from local.template import load_template
from tests.unit.docs.pages import DEPLOY

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
