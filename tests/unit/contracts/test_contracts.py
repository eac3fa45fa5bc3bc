"""docs/events and docs/asyncapi.json are up to date, fit the published events, and released versions stay."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

import contracts.events.asyncapi
import contracts.events.examples
from contracts.errors import ContractError
from contracts.events import schemas
from contracts.events.asyncapi import asyncapi_document
from contracts.events.documents import ASYNCAPI, FOLDER, BreakingChange, broken_contracts, documents, write
from contracts.events.examples import _event as example_event
from contracts.events.examples import examples
from contracts.events.schemas import attributes, data_schemas, envelope
from contracts.sample import SampleMissing
from events import codec
from events.codec import from_item
from events.customer import CustomerCreated, CustomerEvent
from publisher.cloud_event import ATTRIBUTES, PUBLISHED, REQUIRED, cloud_event, source_of
from tests.unit.docs.pages import Page

Json = dict[str, Any]
GOLDEN = sorted(Path("tests/golden/events").glob("*.json"))
EXAMPLES = examples()


def fits(event: object, schema: Json) -> bool:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(event)


def test_the_files_are_what_the_code_makes() -> None:
    for path, text in documents().items():
        assert path.read_text() == text, f"{path.name} is out of date: run make contracts"


def test_no_released_contract_is_broken() -> None:
    assert broken_contracts() == []


def test_there_is_a_file_for_each_type_and_no_other_file() -> None:
    names = {path.name for path in FOLDER.iterdir()}

    assert {f"{model.type()}.{model.published_version}.json" for model in PUBLISHED} <= names
    assert {name.split(".")[0] for name in names} == {model.type() for model in PUBLISHED} | {
        "cloud-event", "bus-policy-example",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_a_file_is_a_json_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_stored_event_is_published_as_the_contract_says(path: Path) -> None:
    event = cloud_event(from_item(json.loads(path.read_text())["item"]), source_of("local"), replayed=True)
    data = next(schema for schema in data_schemas().values() if schema["$id"] == event["dataschema"])

    assert fits(event, envelope())
    assert fits(event["data"], data)


def test_the_envelope_describes_every_attribute() -> None:
    assert attributes()["properties"].keys() == ATTRIBUTES
    assert set(attributes()["required"]) == REQUIRED


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid(name: str) -> None:
    message = asyncapi_document()["components"]["schemas"][name]

    assert fits(EXAMPLES[name], envelope())
    assert Draft7Validator(message).is_valid(EXAMPLES[name])


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"full_name": "Ada"}},
        {"type": "customers.CustomerErased"},
        {"type": "customers.CustomerTeleported"},
        {"dataschema": "urn:customers-api:schema:CustomerCreated:2"},
        {"sequence": "1"},
        {"sequence": 1},
        {"specversion": "0.3"},
        {"replayed": False},
        {"source": "elsewhere"},
        {"traceparent": "00-1"},
        {"time": "yesterday"},
    ],
)
def test_an_event_that_is_never_published_is_not_valid(change: Json) -> None:
    good = EXAMPLES["CustomerCreated"]

    assert fits(good, envelope())
    assert not fits(good | change, envelope())


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_an_event_without_a_required_attribute_is_not_valid(name: str) -> None:
    good = EXAMPLES["CustomerUpdated"]

    assert not fits({key: value for key, value in good.items() if key != name}, envelope())


def test_the_page_for_consumers_shows_the_examples() -> None:
    shown = [json.loads(fence) for fence in Page(Path("docs/reference/events.md").resolve()).fences("json")]

    assert [each for each in shown if "specversion" in each] == [EXAMPLES["CustomerCreated"], EXAMPLES["EventRedacted"]]


# Released versions.


class CustomerCreatedWithout(CustomerCreated):
    """A person became a customer."""

    @classmethod
    def type(cls) -> str:
        return "CustomerCreated"


class Nicknamed(CustomerCreatedWithout):
    """One more required property."""

    nickname: str


class Renewed(Nicknamed):
    """The same change as a new version."""

    schema_version = 2
    published_version = 2


def published(*models: Any) -> Any:
    others = [model for model in PUBLISHED if model.type() not in {each.type() for each in models}]
    return patch.object(schemas, "PUBLISHED", (*models, *others))


def test_a_breaking_change_of_a_released_version_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    folder, asyncapi = tmp_path / "events", tmp_path / "asyncapi.json"
    write(folder, asyncapi)
    before = {path: path.read_text() for path in folder.iterdir()}

    with (
        published(Nicknamed),
        pytest.raises(
            BreakingChange,
            match=r"\nCustomerCreated.1.json: data.nickname is now required, but events of this version",
        ),
    ):
        write(folder, asyncapi)

    assert {path: path.read_text() for path in folder.iterdir()} == before


def test_the_same_change_as_a_new_version_is_written_beside_the_released_one(tmp_path: Path) -> None:
    folder, asyncapi = tmp_path / "events", tmp_path / "asyncapi.json"
    write(folder, asyncapi)
    released = (folder / "CustomerCreated.1.json").read_text()

    with published(Renewed):
        assert folder / "CustomerCreated.2.json" in write(folder, asyncapi)
        assert broken_contracts(folder) == []
    assert (folder / "CustomerCreated.1.json").read_text() == released


def test_a_released_type_or_version_cannot_be_removed(tmp_path: Path) -> None:
    folder, asyncapi = tmp_path / "events", tmp_path / "asyncapi.json"
    with published(Renewed):
        write(folder, asyncapi)
    (folder / "CustomerVanished.1.json").write_text("{}")

    assert broken_contracts(folder) == [
        "CustomerCreated.2.json is released, but the code no longer has this version",
        "CustomerVanished.1.json is released, but the code no longer has this version",
    ]


def test_an_attribute_of_the_envelope_cannot_be_removed(tmp_path: Path) -> None:
    write(tmp_path, tmp_path / "asyncapi.json")

    with patch.object(schemas, "ATTRIBUTES", ATTRIBUTES - {"sequence"}):
        assert broken_contracts(tmp_path) == ["cloud-event.json: event.sequence was removed"]


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path, tmp_path / "asyncapi.json")
    assert write(tmp_path, tmp_path / "asyncapi.json") == []


# New fields and types.


class WithNickname(CustomerCreatedWithout):
    """One more optional property."""

    nickname: str | None = None


class CustomerMoved(CustomerEvent):
    """A new type of event."""

    city: str


def test_an_optional_field_is_written_into_the_released_version(tmp_path: Path) -> None:
    folder, asyncapi = tmp_path / "events", tmp_path / "asyncapi.json"
    write(folder, asyncapi)

    with published(WithNickname):
        assert set(write(folder, asyncapi)) == {folder / "CustomerCreated.1.json", folder / "cloud-event.json"}

    assert "nickname" in json.loads((folder / "CustomerCreated.1.json").read_text())["properties"]


class StoredAgain(WithNickname):
    """An optional property, and another stored shape for it."""

    schema_version = 2


def test_a_new_stored_shape_with_an_optional_field_needs_no_new_published_version(tmp_path: Path) -> None:
    folder, asyncapi = tmp_path / "events", tmp_path / "asyncapi.json"
    write(folder, asyncapi)

    with published(StoredAgain):
        assert set(write(folder, asyncapi)) == {folder / "CustomerCreated.1.json", folder / "cloud-event.json"}
        assert broken_contracts(folder) == []

    released = json.loads((folder / "CustomerCreated.1.json").read_text())
    assert "nickname" in released["properties"]
    assert "nickname" not in released["required"]


def test_an_example_leaves_out_an_optional_field_without_a_sample_value() -> None:
    event = example_event(WithNickname, 1)

    assert json.loads(event.data) == EXAMPLES["CustomerCreated"]["data"]


def test_a_required_field_without_a_sample_value_is_reported_with_the_file_to_change() -> None:
    with pytest.raises(SampleMissing, match=r"^The field 'nickname' of Nicknamed has no .* in contracts/sample.py\.$"):
        example_event(Nicknamed, 1)


def test_a_new_type_is_described_and_has_an_example() -> None:
    with (
        patch.object(contracts.events.examples, "PUBLISHED", (CustomerMoved, *PUBLISHED)),
        patch.object(contracts.events.asyncapi, "PUBLISHED", (CustomerMoved, *PUBLISHED)),
        patch.dict(codec._MODELS, {"CustomerMoved": CustomerMoved}),
    ):
        document = asyncapi_document()

    [example] = document["components"]["messages"]["CustomerMoved"]["examples"]
    assert example["payload"]["data"] == {"city": "London"}


def test_an_attribute_without_a_schema_is_reported_with_the_file_to_change() -> None:
    with (
        patch.object(schemas, "ATTRIBUTES", ATTRIBUTES | {"tenant"}),
        pytest.raises(ContractError, match=r"^The CloudEvent attribute 'tenant' .* in contracts/events/schemas.py\.$"),
    ):
        attributes()


# AsyncAPI. tests/contract validates the document; these tests resolve its references.


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [value for key, value in node.items() if key == "$ref"] + [
            found for value in node.values() for found in references(value)
        ]
    return [found for value in node for found in references(value)] if isinstance(node, list) else []


def test_every_reference_of_the_asyncapi_document_exists() -> None:
    document = json.loads(ASYNCAPI.read_text())
    found = references(document)

    assert len(found) >= 3 * len(PUBLISHED)
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_published_type_is_a_message_of_the_bus() -> None:
    document = asyncapi_document()
    names = {model.type() for model in PUBLISHED}

    assert document["channels"]["customers"]["messages"].keys() == names
    assert document["components"]["messages"].keys() == names == EXAMPLES.keys()
    for name, message in document["components"]["messages"].items():
        assert message["x-eventbridge"] == {"source": "customers", "detail-type": name}


def test_the_bus_has_a_server_and_a_way_to_authenticate() -> None:
    document = asyncapi_document()

    [server] = document["servers"]
    [scheme] = document["components"]["securitySchemes"]
    assert document["channels"]["customers"]["servers"] == [{"$ref": f"#/servers/{server}"}]
    assert document["operations"]["publishEvents"]["security"] == [{"$ref": f"#/components/securitySchemes/{scheme}"}]
    assert document["info"]["contact"].keys() == {"name", "email", "url"}
