"""The CloudEvents SDKs of Python and JavaScript parse what the bus delivers."""

import json
from typing import Any

import httpx
import pytest

from contracts.events.examples import examples
from publisher.entries import SOURCE
from tests.clients.conftest import Desk, blocks
from tests.conftest import LocalStack
from tests.e2e.customers import create, erase, eventually, update

PYTHON = "import json, sys\n{}\nprint(json.dumps([parse(each) for each in json.load(sys.stdin)]))\n"
JAVASCRIPT = """{}
import fs from "node:fs";
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).map(parse)));
"""
RESTORED = {**examples()["CustomerUpdated"], "epoch": 2}


@pytest.fixture(scope="module")
def delivered(local_stack: LocalStack, api: httpx.Client) -> list[dict[str, Any]]:
    """The events of a customer's life as a target of the bus receives them, and those that only a restore publishes."""
    customer = create(api)
    update(api, customer, city="Paris")
    erase(api, customer)

    def heard() -> list[dict[str, Any]]:
        found = [each for each in local_stack.tap.listen() if each["detail"].get("subject") == customer["id"]]
        assert {each["detail"]["sequence"][-1] for each in found} == {"1", "2", "3"}
        return found

    rare = [{"source": SOURCE, "detail": event} for event in (examples()["EventRedacted"], RESTORED)]
    return [*eventually(heard), *rare]


@pytest.mark.parametrize(
    ("language", "name", "program", "command"),
    [("python", "parse.py", PYTHON, "python parse.py"), ("js", "parse.mjs", JAVASCRIPT, "node parse.mjs")],
    ids=["python", "javascript"],
)
def test_an_sdk_parses_every_event(
    desk: Desk, delivered: list[dict[str, Any]], language: str, name: str, program: str, command: str
) -> None:
    [block] = blocks("Parse events", language)
    desk.write(name, program.replace("{}", block, 1))
    desk.write("delivered.json", json.dumps(delivered))

    parsed = json.loads(desk.succeed(f"{command} < delivered.json"))

    details = [event["detail"] for event in delivered]
    assert parsed == [[each["type"], each["subject"], each["sequence"], each["data"]] for each in details]


def test_an_sdk_refuses_an_event_without_an_id(desk: Desk) -> None:
    [block] = blocks("Parse events", "python")
    desk.write("parse.py", PYTHON.replace("{}", block, 1))
    desk.write("broken.json", json.dumps([{"detail": {**RESTORED, "id": ""}}]))

    assert desk.run("python parse.py < broken.json").returncode != 0
