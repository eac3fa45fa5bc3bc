"""docs/asyncapi.json is AsyncAPI 3.0, by the specification's own JSON Schema, which comes from npm by a pinned hash."""

import base64
import copy
import hashlib
import json
import subprocess
import tarfile
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator

from local.dynamodb_local import npm
from operations.contracts.documents import ASYNCAPI

PACKAGE: Final = "@asyncapi/specs@6.11.1"
SHA512: Final = "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="


@pytest.fixture(scope="session")
def specification(tmp_path_factory: pytest.TempPathFactory) -> Draft7Validator:
    folder = tmp_path_factory.mktemp("asyncapi")
    command = [*npm(), "pack", "--ignore-scripts", "--silent", "--pack-destination", str(folder), PACKAGE]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    [archive] = folder.glob("*.tgz")
    assert base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() == SHA512
    with tarfile.open(archive) as package:
        schema = package.extractfile("package/schemas/3.0.0-without-$id.json")
        assert schema
        return Draft7Validator(json.load(schema))


def test_the_document_is_asyncapi_3_0(specification: Draft7Validator) -> None:
    assert [error.message for error in specification.iter_errors(json.loads(ASYNCAPI.read_text()))] == []


@pytest.mark.parametrize(
    "place", [("info", "title"), ("channels", "customers", "messages"), ("operations", "publishEvents", "channel")]
)
def test_a_document_that_is_not_is_refused(specification: Draft7Validator, place: tuple[str, ...]) -> None:
    document: dict[str, Any] = copy.deepcopy(json.loads(ASYNCAPI.read_text()))
    *path, last = place
    node = document
    for name in path:
        node = node[name]
    node[last] = 7

    assert not specification.is_valid(document)
