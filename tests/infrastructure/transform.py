"""Prints template.yml after SAM's transformation, for parameters given as NAME=value. Runs in SAM's environment."""

import json
import logging
import sys
from pathlib import Path
from unittest.mock import MagicMock

from samtranslator.translator.transform import transform  # type: ignore[import-not-found]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-not-found]

# Properties in which `sam package` replaces folders.
_PACKAGED = {"Function": "CodeUri", "LayerVersion": "ContentUri", "StateMachine": "DefinitionUri"}


def main(path: str, *parameters: str) -> None:
    logging.disable()
    template = yaml_parse(Path(path).read_text())
    del template["Globals"]["Function"]["CodeUri"]
    for resource in template["Resources"].values():
        _, _, kind = resource["Type"].rpartition("AWS::Serverless::")
        if kind in _PACKAGED:
            resource["Properties"][_PACKAGED[kind]] = "s3://bucket/key"
    policies = MagicMock()
    policies.load.return_value = {}
    print(json.dumps(transform(template, dict(each.split("=", 1) for each in parameters), policies)))


if __name__ == "__main__":
    main(*sys.argv[1:])
