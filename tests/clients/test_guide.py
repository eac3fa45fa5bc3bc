"""The guide names the versions that the tests run."""

import json
import re
from pathlib import Path

from local.environments import ROOT
from tests.clients.conftest import GUIDE

PACKAGES = json.loads(Path(__file__).with_name("package.json").read_text())["devDependencies"]
LOCK = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / "clients.txt").read_text(), re.MULTILINE))


def test_every_version_on_the_page_is_the_tested_one() -> None:
    from_npm = dict(re.findall(r"[ `]((?:@[\w-]+/)?[\w-]+)@(\d[\w.]*\w)", GUIDE.text))
    from_pypi = dict(re.findall(r"([\w-]+)==(\d[\w.]*\w)", GUIDE.text))

    assert from_npm.items() <= PACKAGES.items()
    assert from_pypi.items() <= LOCK.items()
    assert from_npm.keys() | {"httpyac", "newman"} == PACKAGES.keys()
    assert from_pypi.keys() == {"openapi-python-client", "cloudevents"}
