"""The deeper pages say of tables, numbers and rules what the code does."""

import ast
import json
import re
import shlex
from typing import TYPE_CHECKING, Any, cast

import pytest

from events.codec import encode, to_item
from events.customer import CustomerCreated, evolve
from events.envelope import Metadata
from local import environments, home, tables
from local.environments import ROOT
from projections import dynamodb_read_model, projector
from projections.dynamodb_read_model import LISTING_INDEX, DynamoDbReadModel
from projections.read_model import Write
from projections.row import LISTING_SHARDS, row_of
from queries import cursor
from shared.http import body, request
from tests.unit.docs.pages import ARCHITECTURE, LOCAL_STACK, Page, names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RESOURCES = tables.load_template()["Resources"]
MAPPING = RESOURCES["ProjectCustomersMapping"]["Properties"]
DATA = CustomerCreated.model_validate(
    {"full_name": "Ada", "email": "ada@example.com", "birth": "1990-05-17", "city": "London", "country": "GB"}
)
EVENT = encode(
    DATA,
    customer_id="c",
    version=1,
    event_id="e",
    occurred_at="2026-05-17T09:30:00.000000Z",
    metadata=Metadata("correlation", "causation", "actor", "command"),
)
ITEM = to_item(EVENT)


class RecordingClient:
    """Takes a batch of statements and keeps it."""

    def __init__(self) -> None:
        self.statements: list[dict[str, Any]] = []

    def batch_execute_statement(self, Statements: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.statements += Statements
        return {"Responses": [{} for _ in Statements]}


def attributes(heading: str) -> dict[str, str]:
    return {names(row[0])[0]: row[1] for row in ARCHITECTURE.table(heading, "Attribute")}


def written_row() -> dict[str, str]:
    client = RecordingClient()
    row = row_of(evolve(None, EVENT, DATA), generation=1)
    DynamoDbReadModel(cast("DynamoDBClient", client), "table").write([Write(row, replaces=None)])
    [statement] = client.statements
    columns = re.findall(r"'(\w+)'", statement["Statement"])
    return {name: next(iter(value)) for name, value in zip(columns, statement["Parameters"], strict=True)}


def test_the_event_table_has_the_stated_attributes() -> None:
    assert attributes("Event table") == {name: next(iter(value)) for name, value in ITEM.items()}


def test_the_metadata_are_the_stated_ones() -> None:
    stated = [names(row[0])[0] for row in ARCHITECTURE.table("Event table", "In `metadata`")]

    assert stated == list(ITEM["metadata"]["M"])


def test_the_read_table_has_the_stated_attributes() -> None:
    assert attributes("Read table") == written_row()


@pytest.mark.parametrize(("heading", "table"), [("Event table", "EventTable"), ("Read table", "ReadTable")])
def test_a_table_has_its_stated_name_and_keys(heading: str, table: str) -> None:
    properties, text = RESOURCES[table]["Properties"], ARCHITECTURE.section(heading)
    partition, sort = (key["AttributeName"] for key in properties["KeySchema"])

    assert text.lstrip().startswith(f"`{properties['TableName']['Sub'].replace('${', '{')}`")
    assert re.search(rf"Partition\s+key\s+`{partition}`,\s+sort\s+key\s+`{sort}`", text)


def test_the_index_and_its_keys_have_their_names() -> None:
    [index] = RESOURCES["ReadTable"]["Properties"]["GlobalSecondaryIndexes"]
    shard, order = (key["AttributeName"] for key in index["KeySchema"])
    rows = {names(row[0])[0]: row[2] for row in ARCHITECTURE.table("Read table", "Attribute")}

    assert index["IndexName"] == LISTING_INDEX
    assert f"partition key of the index `{LISTING_INDEX}`" in rows[shard]
    assert f"sort key of the index `{LISTING_INDEX}`" in rows[order]


@pytest.mark.parametrize(
    ("page", "words", "value"),
    [
        ("docs/architecture.md", r"spread over (\d+) shards", LISTING_SHARDS),
        ("docs/architecture.md", r"After (\d+) retries", MAPPING["MaximumRetryAttempts"]),
        ("docs/architecture.md", r"up to (\d+) rounds", projector._ROUNDS),
        ("docs/architecture.md", r"\| (\d+) lost races", projector._ROUNDS),
        ("docs/decisions/0002-partiql-batches.md", r"up to (\d+) customers", MAPPING["BatchSize"]),
        ("docs/decisions/0002-partiql-batches.md", r"`, (\d+) statements", dynamodb_read_model._STATEMENTS_A_CALL),
        ("docs/decisions/0002-partiql-batches.md", r"for (\d+) rows", dynamodb_read_model._STATEMENTS_A_CALL),
        ("docs/decisions/0004-signed-cursor.md", r"a (\d+)-bit", cursor._TAG_BYTES * 8),
        ("docs/problems/body-too-large.md", r"than ([\d,]+) bytes", body.LONGEST_BODY_BYTES),
        ("README.md", r"on port (\d+)", home.DEFAULT_PORT),
    ],
)
def test_a_number_is_the_one_in_the_code(page: str, words: str, value: int) -> None:
    found = re.findall(words, Page(ROOT / page).text)

    assert {int(number.replace(",", "")) for number in found} == {value}


def test_lambda_lets_go_of_a_record_when_it_is_stated_to() -> None:
    assert "when the record is a day old" in ARCHITECTURE.section("The version gate")
    assert MAPPING["MaximumRecordAgeInSeconds"] == 24 * 60 * 60
    assert MAPPING["BisectBatchOnFunctionError"] is True


@pytest.mark.parametrize("page", ["README.md", "docs/local-stack.md"])
def test_the_oldest_python_is_stated(page: str) -> None:
    oldest = ".".join(map(str, environments.OLDEST_PYTHON))

    assert f"`python3` ({oldest} or later)" in Page(ROOT / page).text


def test_a_correlation_id_has_the_stated_length() -> None:
    [longest] = map(int, re.findall(r"`X-Correlation-Id` \(at most (\d+) plain", (ROOT / "README.md").read_text()))

    def taken(length: int) -> bool:
        event = {"headers": {"X-Correlation-Id": "a" * length}, "requestContext": {"requestId": "r"}}
        return request.parse(event).correlation_id != "r"

    assert taken(longest)
    assert not taken(longest + 1)


def test_each_rule_of_the_mapping_has_its_test() -> None:
    module = ast.parse((ROOT / "tests/unit/mapping/test_rules.py").read_text())
    tests = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    rows = LOCAL_STACK.table("The event source mapping's rules", "Rule")

    assert [int(row[0]) for row in rows] == list(range(1, 21))
    for number, _, _, test in rows:
        assert names(test)[0].startswith(f"test_rule_{int(number):02}_")
        assert names(test)[0] in tests


def test_the_tables_made_by_hand_are_those_of_the_template() -> None:
    """The commands in docs/sam-local.md."""
    made = {}
    for block in Page(ROOT / "docs/sam-local.md").fences("sh"):
        if "create-table" in block:
            arguments = options(shlex.split(block.replace("\\\n", " ")))
            made[arguments["table-name"][0]] = {
                "AttributeDefinitions": sorted(map(pairs, arguments["attribute-definitions"]), key=str),
                "KeySchema": list(map(pairs, arguments["key-schema"])),
                "GlobalSecondaryIndexes": json.loads(arguments.get("global-secondary-indexes", ["[]"])[0]),
            }

    assert made == {
        table["TableName"]: {
            "AttributeDefinitions": sorted(table["AttributeDefinitions"], key=str),
            "KeySchema": table["KeySchema"],
            "GlobalSecondaryIndexes": table.get("GlobalSecondaryIndexes", []),
        }
        for table in tables.named_by(ROOT / "events/env.json").values()
    }


def options(words: list[str]) -> dict[str, list[str]]:
    """`--name value value` as a name and its values."""
    found: dict[str, list[str]] = {}
    values: list[str] = []
    for word in words:
        if word.startswith("--"):
            values = found.setdefault(word.removeprefix("--"), [])
        else:
            values.append(word)
    return found


def pairs(text: str) -> dict[str, str]:
    """`Key=value,Key=value` as a dictionary."""
    return dict(pair.split("=", 1) for pair in text.split(","))
