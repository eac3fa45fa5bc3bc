"""The deeper pages say of tables, numbers and rules what the code does."""

import ast
import json
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from commands import handling
from events import customer, dynamodb_store, upcasters
from events.claims import email_claim
from events.codec import REDACTED, encode, to_item
from events.customer import CustomerCreated, Erased, State, evolve
from events.envelope import Metadata
from events.recent_commands import MOST_REMEMBERED
from events.store import MOST_REDACTED_AT_ONCE
from local import environments, home, tables
from local.environments import ROOT
from local.template import load_template
from projections import dynamodb_read_model, projector
from projections.dynamodb_read_model import ADDRESS_INDEX, LISTING_INDEX, PARKED_INDEX, DynamoDbReadModel
from projections.maintenance.differences import DifferenceKind
from projections.read_model import Write
from projections.row import LISTING_SHARDS, Parked, row_of
from queries import read_your_writes
from shared.http import body, headers, request
from shared.runtime import signing
from tests.samples import valid_body
from tests.unit.docs.pages import ARCHITECTURE, ERASURE, HTTP, LOCAL_STACK, PAGES, Page, names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RESOURCES = load_template()["Resources"]
MAPPING = RESOURCES["ProjectCustomersMapping"]["Properties"]
PROJECTOR = RESOURCES["ProjectCustomers"]["Properties"]
# The API's own; a consumer's table goes with its stack.
KEPT_TABLES = [
    name
    for name, each in RESOURCES.items()
    if each["Type"] == "AWS::DynamoDB::Table" and str(each.get("DeletionPolicy")).startswith("Retain")
]
DATA = CustomerCreated.model_validate(valid_body(full_name="Ada", country="GB"))
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

    def get_item(self, **_: object) -> dict[str, Any]:
        return {}

    def batch_execute_statement(self, Statements: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.statements += Statements
        return {"Responses": [{} for _ in Statements]}


def attributes(heading: str) -> dict[str, str]:
    return {names(row[0])[0]: row[1] for row in ARCHITECTURE.table(heading, "Attribute")}


def written_row(state: State, parked: Parked | None = None) -> dict[str, str]:
    client = RecordingClient()
    row = replace(row_of(state, generation=1), parked=parked)
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
    assert attributes("Read table") == written_row(evolve(None, EVENT, DATA))


def test_a_parked_row_has_the_stated_attributes_besides() -> None:
    state = evolve(None, EVENT, DATA)
    parked = written_row(state, Parked(2, "reason", "2026-05-17T09:30:00.000000Z", 1))

    assert attributes("Parking") == {name: kind for name, kind in parked.items() if name not in written_row(state)}


def test_a_tombstone_has_the_stated_attributes_and_erasure_takes_the_others() -> None:
    [stated] = re.findall(r"row is a tombstone: (.+), and nothing else", ARCHITECTURE.section("Read table"))
    [row] = [row for row in ERASURE.table("What goes", "Where") if row[0].startswith("Read table")]
    kept = set(written_row(Erased("c", 2)))

    assert set(names(stated)) == kept
    assert {name for name in names(row[0]) if name in attributes("Read table")} == set(attributes("Read table")) - kept


def test_the_claims_table_has_the_stated_attributes() -> None:
    properties, text = RESOURCES["ClaimsTable"]["Properties"], ARCHITECTURE.section("Claims table")
    [key] = (key["AttributeName"] for key in properties["KeySchema"])
    item = dynamodb_store._claim(email_claim("ada@example.com"), "c")

    assert attributes("Claims table") == {name: next(iter(value)) for name, value in item.items()}
    assert text.lstrip().startswith(f"`{properties['TableName']['Sub'].replace('${', '{')}`")
    assert f"Partition key `{key}`, no sort key" in text
    assert re.fullmatch(r"email#[0-9a-f]{64}", item[key]["S"])
    assert email_claim("ADA@example.com") == item[key]["S"]


def test_the_types_of_events_are_all_there() -> None:
    rows = {names(row[0])[0]: row[2] for row in ARCHITECTURE.table("Event table", "Attribute")}

    assert names(rows["type"]) == [model.type() for model in upcasters.MODELS]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_stands_for_redacted_data_is_written_as_it_is_stored(page: Page) -> None:
    assert {span for span in page.spans if "redacted" in span} <= {REDACTED, DifferenceKind.UNREDACTED}


def test_what_an_erasure_leaves_is_the_whole_metadata() -> None:
    stay = {name for row in ERASURE.table("What stays", "What") for name in names(row[0])}

    assert stay == set(Metadata.__dataclass_fields__) - {"request_hash"}


def test_backups_are_kept_as_long_as_stated() -> None:
    """Without a period of its own, a table has DynamoDB's: 35 days."""
    tables_kept = [RESOURCES[name]["Properties"] for name in KEPT_TABLES]

    assert all(each["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True} for each in tables_kept)
    assert "up to 35 days" in ERASURE.text


def test_each_step_of_a_new_shape_names_what_is_there() -> None:
    files = ("events/test_upcasters.py", "contracts/test_contracts.py")
    modules = [ast.parse((ROOT / "tests/unit" / file).read_text()) for file in files]
    tests = {node.name for module in modules for node in module.body if isinstance(node, ast.FunctionDef)}
    rows = ARCHITECTURE.table("Changing an event's shape", "Step")
    failing = [name for row in rows for name in names(row[2])]

    assert {name for name in failing if name.startswith("test_")} < tests
    assert [name for name in failing if not name.startswith("test_")] == [upcasters.BrokenChain.__name__]
    assert all(row[2].startswith(("`", "Importing", "No test")) for row in rows)
    for name in ("STEPS", "MODELS"):
        assert f"`{name}`" in ARCHITECTURE.section("Changing an event's shape")
        assert hasattr(upcasters, name)
    assert hasattr(customer.CustomerCreated, "schema_version")


def test_samples_are_named_as_stated() -> None:
    folder, name = "tests/golden/events/", "`<type>.<version>.json`"

    assert f"`{folder}`, named {name}" in ARCHITECTURE.section("Changing an event's shape")
    for model in upcasters.MODELS:
        assert (ROOT / folder / f"{model.type()}.{model.schema_version}.json").is_file()


def test_a_reader_looks_again_as_often_as_stated() -> None:
    [pauses] = re.findall(r"again after (\d+) ms up to (\d+) ms", ARCHITECTURE.section("Read your writes"))

    assert [int(pause) / 1000 for pause in pauses] == [
        read_your_writes._FIRST_PAUSE_SECONDS,
        read_your_writes._LONGEST_PAUSE_SECONDS,
    ]


def test_the_gateway_s_answers_are_a_property_of_the_api() -> None:
    """docs/decisions/0012."""
    assert "GatewayResponses" in RESOURCES["CustomersApi"]["Properties"]
    assert not [name for name, each in RESOURCES.items() if each["Type"] == "AWS::ApiGateway::GatewayResponse"]


@pytest.mark.parametrize(("heading", "table"), [("Event table", "EventTable"), ("Read table", "ReadTable")])
def test_a_table_has_its_stated_name_and_keys(heading: str, table: str) -> None:
    properties, text = RESOURCES[table]["Properties"], ARCHITECTURE.section(heading)
    partition, sort = (key["AttributeName"] for key in properties["KeySchema"])

    assert text.lstrip().startswith(f"`{properties['TableName']['Sub'].replace('${', '{')}`")
    assert re.search(rf"Partition\s+key\s+`{partition}`,\s+sort\s+key\s+`{sort}`", text)


def test_the_indexes_and_their_keys_have_their_names() -> None:
    indexes = RESOURCES["ReadTable"]["Properties"]["GlobalSecondaryIndexes"]
    tables_ = (ARCHITECTURE.table("Read table", "Attribute"), ARCHITECTURE.table("Parking", "Attribute"))
    rows = {names(row[0])[0]: row[2] for table in tables_ for row in table}

    assert [index["IndexName"] for index in indexes] == [LISTING_INDEX, PARKED_INDEX, ADDRESS_INDEX]
    for index in indexes:
        keys = [key["AttributeName"] for key in index["KeySchema"]]
        for attribute, kind in zip(keys, ("partition", "sort"), strict=False):
            assert f"{kind} key of the index `{index['IndexName']}`" in rows[attribute]


@pytest.mark.parametrize(
    ("page", "words", "value"),
    [
        ("docs/explanation/architecture.md", r"spread over (\d+) shards", LISTING_SHARDS),
        ("docs/explanation/architecture.md", r"up to (\d+) rounds", projector._ROUNDS),
        ("docs/explanation/architecture.md", r"\| (\d+) lost races", projector._ROUNDS),
        ("docs/decisions/0002-partiql-batches.md", r"up to (\d+) customers", MAPPING["BatchSize"]),
        ("docs/decisions/0002-partiql-batches.md", r"`, (\d+) statements", dynamodb_read_model._STATEMENTS_PER_CALL),
        ("docs/decisions/0002-partiql-batches.md", r"for (\d+) rows", dynamodb_read_model._STATEMENTS_PER_CALL),
        ("docs/decisions/0004-signed-cursor.md", r"a (\d+)-bit", signing._TAG_BYTES * 8),
        ("docs/reference/problems/body-too-large.md", r"than ([\d,]+) bytes", body.LONGEST_BODY_BYTES),
        ("docs/reference/problems/not-yet-readable.md", r"to wait: (\d+) seconds", headers.DEFAULT_WAIT_SECONDS),
        ("docs/reference/problems/not-yet-readable.md", r"says, (\d+) at most", headers.LONGEST_WAIT_SECONDS),
        ("docs/explanation/architecture.md", r"It waits (\d+) seconds", headers.DEFAULT_WAIT_SECONDS),
        ("docs/explanation/architecture.md", r"says, at most (\d+)", headers.LONGEST_WAIT_SECONDS),
        ("docs/explanation/architecture.md", r"newest (\d+) events", MOST_REDACTED_AT_ONCE),
        ("docs/explanation/erasure.md", r"newest (\d+) events", MOST_REDACTED_AT_ONCE),
        ("docs/explanation/architecture.md", r"transactions are tried (\d+) times", dynamodb_store._TRIES),
        ("docs/decisions/0010-claims-in-the-transaction.md", r"tried up to (\d+) times", dynamodb_store._TRIES),
        ("docs/explanation/architecture.md", r"decided again up to (\d+) times", handling._TRIES),
        ("docs/explanation/architecture.md", r"next (\d+) changes", MOST_REMEMBERED),
        ("docs/explanation/architecture.md", r"At most (\d+) such events", handling.MOST_UNCHANGED),
        ("docs/reference/http.md", r"at most ([\d,]+) bytes", body.LONGEST_BODY_BYTES),
        ("docs/explanation/generations.md", r"at most its (\d+) seconds", PROJECTOR["Timeout"]),
        ("README.md", r"on port (\d+)", home.DEFAULT_PORT),
    ],
)
def test_a_number_is_the_one_in_the_code(page: str, words: str, value: int) -> None:
    found = re.findall(words, Page(ROOT / page).text)

    assert {int(number.replace(",", "")) for number in found} == {value}


def test_lambda_lets_go_of_a_record_when_it_is_stated_to() -> None:
    text = ARCHITECTURE.section("The version gate")
    assert "when the record is a day old" in text
    assert re.search(r"There\s+is\s+no\s+limit\s+to\s+the\s+retries", text)
    assert MAPPING["MaximumRetryAttempts"] == -1
    assert MAPPING["MaximumRecordAgeInSeconds"] == 24 * 60 * 60
    assert MAPPING["BisectBatchOnFunctionError"] is True


@pytest.mark.parametrize("page", ["README.md", "docs/reference/local-stack.md"])
def test_the_oldest_python_is_stated(page: str) -> None:
    oldest = ".".join(map(str, environments.OLDEST_PYTHON))

    assert f"`python3` ({oldest} or later)" in Page(ROOT / page).text


def test_a_correlation_id_has_the_stated_length() -> None:
    [longest] = map(int, re.findall(r"`X-Correlation-Id` \(at most (\d+) plain", HTTP.text))

    def taken(length: int) -> bool:
        event = {"headers": {"X-Correlation-Id": "a" * length}, "requestContext": {"requestId": "r"}}
        return request.parse(event).correlation_id != "r"

    assert taken(longest)
    assert not taken(longest + 1)


def test_each_rule_of_the_mapping_has_its_test() -> None:
    module = ast.parse((ROOT / "tests/unit/event_source_mapping/test_rules.py").read_text())
    tests = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    rows = LOCAL_STACK.table("The event source mapping's rules", "Rule")

    assert [int(row[0]) for row in rows] == list(range(1, 21))
    for number, _, _, test in rows:
        assert names(test)[0].startswith(f"test_rule_{int(number):02}_")
        assert names(test)[0] in tests


def test_the_tables_made_by_hand_are_those_of_the_template() -> None:
    """The commands in docs/how-to/invoke-with-sam-local.md."""
    made = {}
    for block in Page(ROOT / "docs/how-to/invoke-with-sam-local.md").fences("sh"):
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
        for name, table in tables.from_env_file(ROOT / "events/env.json").items()
        if name in KEPT_TABLES
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
