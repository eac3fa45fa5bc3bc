"""Has the generated Python client parse every example of every error. The test runs it in the environment `clients`.

Prints each status and the name of the class that it was parsed as, and exits with 1 if an example comes back changed.
"""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]

DOCUMENT: Json = json.loads(Path("openapi.json").read_text())


def resolved(node: Json) -> Json:
    if "$ref" not in node:
        return node
    found = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def examples(response: Json) -> Iterator[Json]:
    content = resolved(response).get("content", {})
    for example in content.get("application/problem+json", {}).get("examples", {}).values():
        yield resolved(example)["value"]


client = importlib.import_module("customers_client").Client(base_url="http://127.0.0.1")
for operation in (each for item in DOCUMENT["paths"].values() for each in item.values()):
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation["operationId"]).lower()
    module = importlib.import_module(f"customers_client.api.{operation['tags'][0]}.{name}")
    for status, response in operation["responses"].items():
        for body in examples(response):
            parsed = module._parse_response(client=client, response=httpx.Response(int(status), json=body))
            if parsed is None or parsed.to_dict() != body:
                sys.exit(f"{name}: {status} was parsed as {parsed}")
            print(status, type(parsed).__name__)
