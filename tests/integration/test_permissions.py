"""Least privilege: each function's role allows what the function does and nothing that it must not do.

The local AWS enforces policies. Only Lambda may assume a function's role, so the tests assume roles of their own that
have the same policies.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from events.dynamodb_store import DynamoDbEventStore
from local.template import load_template
from tests.integration.aws import Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient

FUNCTIONS: Final = (
    "CreateCustomer",
    "UpdateCustomer",
    "EraseCustomer",
    "EraseSyntheticCustomer",
    "FinishErasures",
    "ProjectCustomers",
    "PublishEvents",
    "RebuildControl",
    "RebuildSegment",
    "VerifySegment",
    "GetAllCustomers",
    "GetCustomer",
    "SearchCustomers",
    "GetStatistics",
    "ShowDocs",
    "CreateCustomerPreTraffic",
    "WelcomeCustomers",
)
# The functions that write rows, and how.
WRITERS: Final = {
    "ProjectCustomers": {"PartiQLInsert", "PartiQLUpdate"},
    "RebuildSegment": {"PartiQLInsert", "PartiQLUpdate"},
    "VerifySegment": {"PartiQLUpdate"},
}
REBUILD: Final = ("RebuildControl", "RebuildSegment", "VerifySegment")
_SORT_KEY: Final = {"EventTable": "version", "ReadTable": "generation"}
_PARTITION_KEY: Final = {
    "EventTable": "customer_id",
    "ReadTable": "customer_id",
    "ClaimsTable": "claim",
    "ErasuresTable": "customer_id",
    "ErasureLogTable": "customer_id",
}


def _key(table: str) -> dict[str, Any]:
    sort = {_SORT_KEY[table]: {"N": "1"}} if table in _SORT_KEY else {}
    return {_PARTITION_KEY[table]: {"S": str(uuid4())}, **sort}


def _if_there(table: str) -> str:
    """A condition that never holds: a write that is allowed still changes nothing."""
    return f"attribute_exists({_PARTITION_KEY[table]})"


def _put(client: "DynamoDBClient", name: str, table: str) -> object:
    return client.put_item(TableName=name, Item=_key(table), ConditionExpression=_if_there(table))


def _update(client: "DynamoDBClient", name: str, table: str) -> object:
    return client.update_item(
        TableName=name,
        Key=_key(table),
        UpdateExpression="SET #data = :data",
        ConditionExpression=_if_there(table),
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":data": {"S": "x"}},
    )


def _query(client: "DynamoDBClient", name: str, table: str) -> object:
    values: dict[str, Any] = {":id": {"S": str(uuid4())}}
    condition = f"{_PARTITION_KEY[table]} = :id"
    return client.query(TableName=name, KeyConditionExpression=condition, ExpressionAttributeValues=values)


def _query_listing(client: "DynamoDBClient", name: str) -> object:
    values: dict[str, Any] = {":shard": {"S": "1#0"}}
    return client.query(
        TableName=name,
        IndexName="listing",
        KeyConditionExpression="listing_shard = :shard",
        ExpressionAttributeValues=values,
        Limit=1,
    )


def _query_addresses(client: "DynamoDBClient", name: str) -> object:
    values: dict[str, Any] = {":address": {"S": "1#email#0"}}
    return client.query(
        TableName=name,
        IndexName="address",
        KeyConditionExpression="address = :address",
        ExpressionAttributeValues=values,
        Limit=1,
    )


def _query_parked(client: "DynamoDBClient", name: str) -> object:
    values: dict[str, Any] = {":generation": {"N": "1"}}
    return client.query(
        TableName=name,
        IndexName="parked",
        KeyConditionExpression="parked_in = :generation",
        ExpressionAttributeValues=values,
        Limit=1,
    )


ACTIONS: Final[dict[str, Callable[["DynamoDBClient", str, str], object]]] = {
    "GetItem": lambda client, name, table: client.get_item(TableName=name, Key=_key(table)),
    "BatchGetItem": lambda client, name, table: client.batch_get_item(RequestItems={name: {"Keys": [_key(table)]}}),
    "Query": _query,
    "Scan": lambda client, name, _: client.scan(TableName=name, Limit=1),
    "PutItem": _put,
    "UpdateItem": _update,
    "DeleteItem": lambda client, name, table: client.delete_item(TableName=name, Key=_key(table)),
    "BatchWriteItem": lambda client, name, table: client.batch_write_item(
        RequestItems={name: [{"DeleteRequest": {"Key": _key(table)}}]}
    ),
    "ConditionCheckItem": lambda client, name, table: client.transact_write_items(
        TransactItems=[
            {
                "ConditionCheck": {
                    "TableName": name,
                    "Key": _key(table),
                    "ConditionExpression": f"attribute_not_exists({_PARTITION_KEY[table]})",
                }
            }
        ]
    ),
    "DescribeTable": lambda client, name, _: client.describe_table(TableName=name),
}
ALLOWED: Final[dict[tuple[str, str], set[str]]] = {
    ("CreateCustomer", "EventTable"): {"PutItem"},
    ("CreateCustomer", "ClaimsTable"): {"PutItem"},
    ("CreateCustomer", "ReadTable"): set(),
    ("UpdateCustomer", "EventTable"): {"PutItem", "Query"},
    ("UpdateCustomer", "ClaimsTable"): {"DeleteItem", "PutItem"},
    ("UpdateCustomer", "ReadTable"): set(),
    # With FinishErasures the only function that may change an event.
    ("EraseCustomer", "EventTable"): {"PutItem", "Query", "UpdateItem"},
    ("EraseCustomer", "ClaimsTable"): {"DeleteItem"},
    ("EraseCustomer", "ErasuresTable"): {"PutItem"},
    ("EraseCustomer", "ReadTable"): set(),
    ("EraseSyntheticCustomer", "EventTable"): {"PutItem", "Query", "UpdateItem"},
    ("EraseSyntheticCustomer", "ClaimsTable"): {"DeleteItem"},
    ("EraseSyntheticCustomer", "ErasuresTable"): {"PutItem"},
    ("EraseSyntheticCustomer", "ReadTable"): set(),
    ("FinishErasures", "EventTable"): {"Query", "UpdateItem"},
    ("FinishErasures", "ClaimsTable"): set(),
    ("FinishErasures", "ErasuresTable"): {"DeleteItem", "Scan"},
    ("FinishErasures", "ErasureLogTable"): {"PutItem"},
    ("FinishErasures", "ReadTable"): set(),
    ("ProjectCustomers", "EventTable"): {"ConditionCheckItem", "Query"},
    ("ProjectCustomers", "ClaimsTable"): set(),
    ("ProjectCustomers", "ErasuresTable"): set(),
    ("ProjectCustomers", "ReadTable"): {"BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"},
    ("PublishEvents", "EventTable"): set(),
    ("PublishEvents", "ClaimsTable"): set(),
    ("PublishEvents", "ReadTable"): set(),
    ("RebuildControl", "EventTable"): {"DescribeTable"},
    ("RebuildControl", "ClaimsTable"): set(),
    ("RebuildControl", "ReadTable"): {"BatchGetItem", "GetItem", "PutItem", "Query"},
    ("RebuildSegment", "EventTable"): {"ConditionCheckItem", "Query", "Scan"},
    ("RebuildSegment", "ClaimsTable"): set(),
    ("RebuildSegment", "ReadTable"): {"BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"},
    ("VerifySegment", "EventTable"): {"BatchGetItem", "Query", "Scan"},
    ("VerifySegment", "ClaimsTable"): set(),
    ("VerifySegment", "ReadTable"): {"BatchGetItem", "GetItem", "PutItem", "Query", "Scan"},
    ("GetAllCustomers", "EventTable"): set(),
    ("GetAllCustomers", "ClaimsTable"): set(),
    ("GetAllCustomers", "ReadTable"): {"GetItem"},
    ("GetCustomer", "EventTable"): set(),
    ("GetCustomer", "ClaimsTable"): set(),
    ("GetCustomer", "ReadTable"): {"GetItem"},
    ("SearchCustomers", "EventTable"): set(),
    ("SearchCustomers", "ClaimsTable"): set(),
    ("SearchCustomers", "ReadTable"): {"GetItem"},
    ("GetStatistics", "EventTable"): set(),
    ("GetStatistics", "ClaimsTable"): set(),
    ("GetStatistics", "ReadTable"): {"GetItem", "Query"},
    ("ShowDocs", "EventTable"): set(),
    ("ShowDocs", "ClaimsTable"): set(),
    ("ShowDocs", "ReadTable"): set(),
    ("WelcomeCustomers", "EventTable"): set(),
    ("WelcomeCustomers", "ClaimsTable"): set(),
    ("WelcomeCustomers", "ReadTable"): set(),
    # It creates, looks and erases through other functions.
    ("CreateCustomerPreTraffic", "EventTable"): {"Query"},
    ("CreateCustomerPreTraffic", "ClaimsTable"): set(),
    ("CreateCustomerPreTraffic", "ReadTable"): set(),
}


@dataclass(frozen=True)
class Role:
    """What a function's role may do.

    Attributes:
        documents: The policies that it was deployed with.
        session: A session with exactly these rights.
        endpoint: The address of the local AWS.
    """

    documents: tuple[Mapping[str, Any], ...]
    session: boto3.Session
    endpoint: str

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB, with these rights."""
        return self.session.client("dynamodb", endpoint_url=self.endpoint)

    @cached_property
    def events(self) -> "EventBridgeClient":
        """EventBridge, with these rights."""
        return self.session.client("events", endpoint_url=self.endpoint)

    def actions_on(self, arn: str) -> set[str]:
        """The DynamoDB actions that the documents allow on a table, as the patterns in the documents."""
        return {
            action.removeprefix("dynamodb:")
            for document in self.documents
            for statement in _several(document["Statement"])
            if statement["Effect"] == "Allow"
            and any(fnmatchcase(arn, pattern) for pattern in _several(statement["Resource"]))
            for action in _several(statement["Action"])
            if action == "*" or action.startswith("dynamodb")
        }


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def roles(aws: Aws, function_names: Mapping[str, str], outputs: Mapping[str, str]) -> Iterator[dict[str, Role]]:
    """For each function, a role that has its policies and that the tests may assume."""
    names = {function: f"test-{function}-{uuid4().hex[:8]}" for function in FUNCTIONS}
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}, "Action": "sts:AssumeRole"}
    try:
        yield {
            function: _copy(aws, _role_of(aws, function_names[function]), name, trust, outputs["Region"])
            for function, name in names.items()
        }
    finally:
        for name in names.values():
            _delete(aws, name)


@pytest.fixture(scope="module")
def workflow(aws: Aws, outputs: Mapping[str, str]) -> Iterator[Role]:
    """A role that has the state machine's policies and that the tests may assume."""
    name = f"test-workflow-{uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}, "Action": "sts:AssumeRole"}
    machine = aws.workflows.describe_state_machine(stateMachineArn=outputs["RebuildStateMachine"])
    try:
        yield _copy(aws, machine["roleArn"].rpartition("/")[2], name, trust, outputs["Region"])
    finally:
        _delete(aws, name)


def _role_of(aws: Aws, function: str) -> str:
    return aws.functions.get_function_configuration(FunctionName=function)["Role"].rpartition("/")[2]


def _copy(aws: Aws, source: str, name: str, trust: Mapping[str, Any], region: str) -> Role:
    statement = {"Version": "2012-10-17", "Statement": [trust]}
    arn = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(statement))["Role"]["Arn"]
    documents = []
    for policy in aws.iam.list_role_policies(RoleName=source)["PolicyNames"]:
        document: Any = aws.iam.get_role_policy(RoleName=source, PolicyName=policy)["PolicyDocument"]
        aws.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        documents.append(document)
    for attached in aws.iam.list_attached_role_policies(RoleName=source)["AttachedPolicies"]:
        aws.iam.attach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    given = aws.sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        region_name=region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    return Role(tuple(documents), session, aws.endpoint)


def _delete(aws: Aws, name: str) -> None:
    try:
        for policy in aws.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            aws.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for attached in aws.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            aws.iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
        aws.iam.delete_role(RoleName=name)
    except aws.iam.exceptions.NoSuchEntityException:
        return


def _client(role: Role, service: Any) -> Any:
    client: Any = role.session.client(service, endpoint_url=role.endpoint)
    return client


def _is_allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as refused:
        if refused.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}:
            return False
        if refused.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
    return True


def test_no_function_is_left_out() -> None:
    functions = {name: each for name, each in load_template()["Resources"].items() if "::Function" in each["Type"]}
    # The local stack has no allowed origins, and so no AnswerPreflight.
    declared = {name for name, each in functions.items() if each.get("Condition") != "HasAllowedOrigins"}
    assert set(FUNCTIONS) == declared
    assert {function for function, _ in ALLOWED} == declared


@pytest.mark.parametrize(("function", "table"), ALLOWED)
def test_a_function_may_do_its_own_work_on_a_table_and_nothing_else(
    roles: dict[str, Role], outputs: Mapping[str, str], function: str, table: str
) -> None:
    client, name = roles[function].dynamodb, outputs[table]
    granted = {
        action
        for action, call in ACTIONS.items()
        if _is_allowed(lambda call=call: call(client, name, table))  # type: ignore[misc]
    }
    assert granted == ALLOWED[function, table]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_index_may_be_read_by_one_function_alone(
    roles: dict[str, Role], outputs: Mapping[str, str], function: str
) -> None:
    client, name = roles[function].dynamodb, outputs["ReadTable"]
    assert _is_allowed(lambda: _query_listing(client, name)) == (function == "GetAllCustomers")
    assert _is_allowed(lambda: _query_addresses(client, name)) == (function == "SearchCustomers")
    assert _is_allowed(lambda: _query_parked(client, name)) == (function == "RebuildControl")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_deployed_policies_allow_partiql_on_almost_no_event(
    roles: dict[str, Role], aws: Aws, outputs: Mapping[str, str], function: str
) -> None:
    """The local AWS does not look into PartiQL statements, so this reads the policies themselves."""
    events = f"arn:aws:dynamodb:{outputs['Region']}:{aws.account}:table/{outputs['EventTable']}"
    rows = f"arn:aws:dynamodb:{outputs['Region']}:{aws.account}:table/{outputs['ReadTable']}"
    # AWS has no action BatchExecuteStatement: only the local stage grants it, by a policy of its own.
    local = {"BatchExecuteStatement"} if function in WRITERS else set()
    assert roles[function].actions_on(events) == ALLOWED[function, "EventTable"] | local
    writes = WRITERS.get(function, set())
    assert roles[function].actions_on(rows) == ALLOWED[function, "ReadTable"] | writes | local


@pytest.mark.parametrize("function", REBUILD)
def test_a_rebuild_may_put_its_own_records_and_no_row(
    roles: dict[str, Role], aws: Aws, outputs: Mapping[str, str], function: str
) -> None:
    """The local AWS ignores leading keys, so this reads the deployed policies too."""
    rows = f"arn:aws:dynamodb:{outputs['Region']}:{aws.account}:table/{outputs['ReadTable']}"
    writing = {
        statement["Sid"]: statement
        for document in roles[function].documents
        for statement in _several(document["Statement"])
        if rows in _several(statement["Resource"])
        and "dynamodb:PutItem" in _several(statement["Action"])
        and not statement["Sid"].endswith("Locally")
    }
    # Views that count customers have keys like those of the records.
    assert len(writing.keys() - {"CountCustomers"}) == 1
    assert ("CountCustomers" in writing) == (function == "RebuildSegment")
    for statement in writing.values():
        assert statement["Condition"] == {
            "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#*"]},
            "Null": {"dynamodb:LeadingKeys": "false"},
        }


@pytest.mark.parametrize("function", REBUILD)
def test_a_rebuild_reaches_only_tables(
    roles: dict[str, Role], aws: Aws, outputs: Mapping[str, str], function_names: Mapping[str, str], function: str
) -> None:
    """No queue, no function, and no other execution."""
    role = roles[function]
    queues, others = _client(role, "sqs"), _client(role, "lambda")
    machines = _client(role, "stepfunctions")
    assert not _is_allowed(lambda: queues.send_message(QueueUrl=outputs["ProjectionFailureQueueUrl"], MessageBody="x"))
    assert not _is_allowed(lambda: others.invoke(FunctionName=function_names["RebuildControl"], Qualifier="live"))
    assert not _is_allowed(lambda: machines.start_execution(stateMachineArn=outputs["RebuildStateMachine"], input="[]"))


def test_the_workflow_may_invoke_its_own_three_functions_and_nothing_else(
    workflow: Role, outputs: Mapping[str, str], function_names: Mapping[str, str]
) -> None:
    """The local AWS checks the right to a whole function. The policy names an alias, so this reads it."""
    named = {
        resource
        for document in workflow.documents
        for statement in _several(document["Statement"])
        if "lambda:InvokeFunction" in _several(statement["Action"])
        for resource in _several(statement["Resource"])
    }
    assert {arn.partition(":function:")[2] for arn in named} == {f"{function_names[name]}:live" for name in REBUILD}
    functions, queues, machines = (_client(workflow, name) for name in ("lambda", "sqs", "stepfunctions"))
    for name in set(FUNCTIONS) - set(REBUILD):
        call = partial(functions.invoke, FunctionName=function_names[name], Qualifier="live")
        assert not _is_allowed(call), name
    assert not _is_allowed(lambda: queues.send_message(QueueUrl=outputs["ProjectionFailureQueueUrl"], MessageBody="x"))
    other = f"{outputs['RebuildStateMachine']}-of-somebody-else"
    assert not _is_allowed(lambda: machines.start_execution(stateMachineArn=other, input="{}"))


@pytest.mark.parametrize("table", ["EventTable", "ClaimsTable", "ErasuresTable", "ErasureLogTable", "ReadTable"])
def test_the_workflow_itself_may_access_no_table(workflow: Role, outputs: Mapping[str, str], table: str) -> None:
    name = outputs[table]
    for action, call in ACTIONS.items():
        assert not _is_allowed(lambda call=call: call(workflow.dynamodb, name, table)), action  # type: ignore[misc]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_publisher_may_put_events_and_only_on_its_own_bus(
    roles: dict[str, Role], outputs: Mapping[str, str], function: str
) -> None:
    def put(bus: str) -> object:
        entry: Any = {"EventBusName": bus, "Source": "tests", "DetailType": "Nothing", "Detail": "{}"}
        return roles[function].events.put_events(Entries=[entry])

    assert _is_allowed(lambda: put(outputs["EventBusName"])) == (function == "PublishEvents")
    assert not _is_allowed(lambda: put("default"))
    assert not _is_allowed(roles[function].events.list_event_buses)


def test_only_erasure_may_change_an_event_and_only_to_redact_it(
    roles: dict[str, Role], aws: Aws, outputs: Mapping[str, str]
) -> None:
    """The local AWS allows every attribute: it looks for them in projections and not in update expressions.

    So this reads the deployed policies: AWS refuses what they do not name.
    """
    events = f"arn:aws:dynamodb:{outputs['Region']}:{aws.account}:table/{outputs['EventTable']}"
    able = {
        function: statement
        for function, role in roles.items()
        for document in role.documents
        for statement in _several(document["Statement"])
        if events in _several(statement["Resource"])
        and "dynamodb:UpdateItem" in _several(statement["Action"])
        and statement["Sid"] != "RedactEventsLocally"
    }
    removed = ["customer_id", "version", "data", "request_hash"]
    named = {
        "EraseCustomer": removed,
        "EraseSyntheticCustomer": removed,
        "FinishErasures": [*removed, "metadata"],
    }
    conditions = {function: statement["Condition"] for function, statement in able.items()}
    assert conditions == {
        function: {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": names},
            "Null": {"dynamodb:Attributes": "false"},
        }
        for function, names in named.items()
    }


def test_a_redaction_names_only_the_attributes_that_erasure_may_change(
    roles: dict[str, Role], outputs: Mapping[str, str]
) -> None:
    sent: list[dict[str, Any]] = []
    client = roles["EraseCustomer"].dynamodb
    client.meta.events.register("provide-client-params.dynamodb.UpdateItem", lambda params, **_: sent.append(params))
    # No such event exists: the update is allowed and changes nothing.
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        DynamoDbEventStore(client, outputs["EventTable"]).redact(str(uuid4()), [1])
    [update] = sent
    names = set(re.findall(r"#?[a-z_]+", f"{update['UpdateExpression']} {update['ConditionExpression']}"))
    named = {update["ExpressionAttributeNames"].get(name, name) for name in names - {"attribute_exists", "redacted"}}
    assert named | set(update["Key"]) == {"customer_id", "version", "data", "request_hash"}
    assert update.get("ReturnValues", "NONE") == "NONE"
