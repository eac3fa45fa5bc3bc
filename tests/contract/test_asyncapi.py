"""docs/asyncapi.json is valid AsyncAPI 3.1, by the specification's JSON Schema from npm, pinned by hash."""

import copy
import json
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator

from contracts.events.documents import ASYNCAPI
from local.progress import NoProgress
from local.tools import npm_package
from local.tools.npm_package import Package

PACKAGE: Final = Package(
    "AsyncAPI specification",
    "@asyncapi/specs",
    "6.11.1",
    "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ==",
)


@pytest.fixture(scope="session")
def specification() -> Draft7Validator:
    folder = npm_package.installed(PACKAGE, lambda unpacked: unpacked / "schemas", NoProgress())
    return Draft7Validator(json.loads((folder / "3.1.0-without-$id.json").read_text()))


def test_the_document_is_asyncapi_3_1(specification: Draft7Validator) -> None:
    assert [error.message for error in specification.iter_errors(json.loads(ASYNCAPI.read_text()))] == []


@pytest.mark.parametrize(
    "place", [("info", "title"), ("channels", "customers", "messages"), ("operations", "publishEvents", "channel")]
)
def test_an_invalid_document_is_refused(specification: Draft7Validator, place: tuple[str, ...]) -> None:
    document: dict[str, Any] = copy.deepcopy(json.loads(ASYNCAPI.read_text()))
    *path, last = place
    node = document
    for name in path:
        node = node[name]
    node[last] = 7

    assert not specification.is_valid(document)
