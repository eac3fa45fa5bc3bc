"""Runs SAM's transformation, which AWS runs when a stack is deployed."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from local import deployment
from local.environments import bin_of

Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment sends.

    Attributes:
        text: The template.
        parameters: Values that differ from the defaults.
        packages: Logical id -> address of its package, which is a hash of the contents.
    """

    text: str = field(default_factory=deployment.TEMPLATE.read_text)
    parameters: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)


def transformed(deployments: Iterable[Deployment]) -> list[Template]:
    """Return the template of each deployment after the transformation, in one run of SAM."""
    process = subprocess.run(
        [str(bin_of("sam") / "python"), str(Path(__file__).with_name("transform.py"))],
        input=json.dumps([asdict(each) for each in deployments]),
        env={"AWS_DEFAULT_REGION": "eu-west-1", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return cast("list[Template]", json.loads(process.stdout))
