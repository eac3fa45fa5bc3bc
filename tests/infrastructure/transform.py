"""Prints templates after SAM's transformation, as a JSON list. Runs in SAM's environment.

Reads a JSON list of requests from standard input: `text` is a template, `parameters` the values of its parameters, and
`packages` the addresses of packages that differ from the usual one, by logical id.
"""

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import MagicMock

from samtranslator.translator.transform import transform  # type: ignore[import-not-found]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-not-found]

# Properties in which `sam package` replaces folders.
_PACKAGED = {"Function": "CodeUri", "LayerVersion": "ContentUri", "StateMachine": "DefinitionUri"}


def _transformed(text: str, parameters: Mapping[str, str], packages: Mapping[str, str]) -> Any:
    template = yaml_parse(text)
    del template["Globals"]["Function"]["CodeUri"]
    for name, resource in template["Resources"].items():
        _, _, kind = resource["Type"].rpartition("AWS::Serverless::")
        if kind in _PACKAGED:
            resource["Properties"][_PACKAGED[kind]] = packages.get(name, "s3://bucket/key")
    policies = MagicMock()
    policies.load.return_value = {}
    return transform(template, dict(parameters), policies)


def main() -> None:
    logging.disable()
    print(json.dumps([_transformed(**request) for request in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
