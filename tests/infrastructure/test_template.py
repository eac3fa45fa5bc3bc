"""Routes, permissions, mappings and tables are correct in the template, also where the local AWS would not notice."""

import json
from datetime import timedelta
from typing import Any

import pytest

from local.environments import ROOT
from projections.generations import SETTLES_AFTER
from publisher.cloud_event import cloud_event, source_of
from publisher.entries import to_entry
from tests import samples

Template = dict[str, Any]
WRITING = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"}
CHANGING_EVENTS = WRITING - {"PutItem"}


def statements(function: Template) -> list[Template]:
    return [statement for policy in function.get("Policies", []) for statement in policy["Statement"]]


def actions(statement: Template) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


PUBLIC = {
    "GET /",
    "GET /docs",
    "GET /docs/{file}",
    "GET /docs/problems",
    "GET /docs/problems/{problem}",
    "GET /openapi.json",
}
PREFLIGHTS = {"OPTIONS /customers", "OPTIONS /customers/search", "OPTIONS /customers/{customer_id}"}


def routes(functions: dict[str, Template]) -> dict[str, Template]:
    return {
        f"{event['Properties']['Method']} {event['Properties']['Path']}": event["Properties"]
        for function in functions.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }


def test_the_specified_functions_have_their_names(functions: dict[str, Template]) -> None:
    assert {"CreateCustomer", "GetAllCustomers", "CreateCustomerPreTraffic"} <= set(functions)


def test_each_route_requires_an_access_token_with_its_scope(functions: dict[str, Template], template: Template) -> None:
    found = {route: properties for route, properties in routes(functions).items() if route not in PUBLIC | PREFLIGHTS}

    single, search = "/customers/{customer_id}", "POST /customers/search"
    lists = {"POST /customers", "GET /customers", search}
    assert set(found) == lists | {f"GET {single}", f"PUT {single}", f"DELETE {single}"}
    for route, properties in found.items():
        scope = "customers/read" if route.startswith("GET") or route == search else "customers/write"
        assert properties["Auth"] == {"Authorizer": "Cognito", "AuthorizationScopes": [scope]}, route
    auth = template["Resources"]["CustomersApi"]["Properties"]["Auth"]
    assert auth["DefaultAuthorizer"] == "Cognito"


def test_only_the_documentation_is_public_and_it_has_no_permissions(functions: dict[str, Template]) -> None:
    found = routes(functions)

    assert {route for route, properties in found.items() if properties["Auth"] == {"Authorizer": "NONE"}} == (
        PUBLIC | PREFLIGHTS
    )
    assert routes({"ShowDocs": functions["ShowDocs"]}).keys() == PUBLIC
    assert not statements(functions["ShowDocs"])
    assert routes({"AnswerPreflight": functions["AnswerPreflight"]}).keys() == PREFLIGHTS
    assert not statements(functions["AnswerPreflight"])


def test_the_api_and_all_functions_are_traced(template: Template) -> None:
    assert template["Resources"]["CustomersApi"]["Properties"]["TracingEnabled"] is True
    assert template["Globals"]["Function"]["Tracing"] == "Active"


def test_every_function_has_an_alias_its_own_role_and_the_layer(
    functions: dict[str, Template], template: Template
) -> None:
    assert template["Globals"]["Function"]["Layers"] == [{"Ref": "Dependencies"}]
    for name, function in functions.items():
        # CodeDeploy invokes its hook by the function's name, and the hook its helper.
        by_name = name in ("CreateCustomerPreTraffic", "EraseSyntheticCustomer")
        assert function.get("AutoPublishAlias") == (None if by_name else "live"), name
        assert "Role" not in function, name
        assert not {"Layers", "Tracing"} & set(function), name


def test_no_policy_has_a_wildcard(functions: dict[str, Template]) -> None:
    for name, function in functions.items():
        for statement in statements(function):
            assert not [action for action in actions(statement) if "*" in action], name
            assert statement["Resource"] != "*", name


def test_only_an_erasure_may_change_an_event_and_only_to_redact_it(functions: dict[str, Template]) -> None:
    changing = [
        (name, statement)
        for name, function in functions.items()
        for statement in statements(function)
        if "EventTable" in json.dumps(statement["Resource"])
        and {action.split(":")[1] for action in actions(statement)} & CHANGING_EVENTS
    ]

    removed = ["customer_id", "version", "data", "request_hash"]
    # FinishErasures alone, which no caller reaches, also removes the hash from where older releases stored it.
    named = {
        "EraseCustomer": removed,
        "FinishErasures": [*removed, "metadata"],
        "EraseSyntheticCustomer": removed,
    }
    assert {name for name, _ in changing} == set(named)
    for name, statement in changing:
        assert actions(statement) == ["dynamodb:UpdateItem"]
        assert statement["Condition"] == {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": named[name]},
            "Null": {"dynamodb:Attributes": "false"},
        }


def test_the_write_side_and_the_read_side_use_only_their_own_tables(functions: dict[str, Template]) -> None:
    def touches(name: str, table: str) -> set[str]:
        found = [statement for statement in statements(functions[name]) if table in json.dumps(statement["Resource"])]
        return {action.split(":")[1] for statement in found for action in actions(statement)}

    assert touches("CreateCustomer", "EventTable") == {"PutItem"}
    assert touches("CreateCustomer", "ClaimsTable") == {"PutItem"}
    assert touches("UpdateCustomer", "EventTable") == {"PutItem", "Query"}
    assert touches("CreateCustomerPreTraffic", "EventTable") == {"Query"}
    assert touches("EraseCustomer", "ErasuresTable") == {"PutItem"}
    assert touches("FinishErasures", "EventTable") == {"Query", "UpdateItem"}
    assert touches("FinishErasures", "ErasuresTable") == {"DeleteItem", "Scan"}
    assert touches("FinishErasures", "ErasureLogTable") == {"PutItem"}
    for command in ("CreateCustomer", "UpdateCustomer", "EraseCustomer", "CreateCustomerPreTraffic"):
        assert not touches(command, "ReadTable"), command
    for reader in ("ProjectCustomers", "GetAllCustomers", "GetCustomer", "SearchCustomers", "GetStatistics"):
        assert not touches(reader, "ClaimsTable"), reader
    assert "PutItem" not in touches("ProjectCustomers", "EventTable")
    for query in ("GetAllCustomers", "GetCustomer", "SearchCustomers", "GetStatistics"):
        assert not touches(query, "EventTable")
        assert not touches(query, "ReadTable") & (WRITING | {"Scan"})


def test_the_stream_has_new_images_and_its_mapping_loses_nothing_silently(template: Template) -> None:
    mapping = template["Resources"]["ProjectCustomersMapping"]["Properties"]

    assert template["Resources"]["EventTable"]["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    # Stated, because an update that leaves a setting out keeps the old one. The stream keeps a record for a day.
    assert mapping["MaximumRetryAttempts"] == -1
    assert mapping["MaximumRecordAgeInSeconds"] == timedelta(days=1).total_seconds()
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {"GetAtt": "ProjectionFailureQueue.Arn"}
    [pattern] = mapping["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"eventName": ["INSERT"]}


def test_the_projector_knows_whether_its_mapping_accepts_partial_responses(
    functions: dict[str, Template], template: Template
) -> None:
    """If the mapping did not accept them, a response that names failures would count as success and lose them."""
    mapping = template["Resources"]["ProjectCustomersMapping"]["Properties"]
    accepts = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])

    assert functions["ProjectCustomers"]["Environment"]["Variables"]["PARTIAL_ANSWERS"] == str(accepts).lower()


def test_an_invocation_ends_before_generations_count_as_settled(functions: dict[str, Template]) -> None:
    """A rollback or a removal waits until no invocation can still use the previous states of the generations."""
    for name in ("ProjectCustomers", "GetCustomer", "GetAllCustomers", "SearchCustomers", "GetStatistics"):
        assert timedelta(seconds=functions[name]["Timeout"]) <= SETTLES_AFTER, name


@pytest.mark.parametrize("name", ["EventTable", "ClaimsTable", "ErasuresTable", "ErasureLogTable", "ReadTable"])
def test_tables_are_protected(template: Template, name: str) -> None:
    table = template["Resources"][name]
    properties = table["Properties"]

    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"If": ["IsProtected", True, False]}


def test_people_sign_in_with_a_code_and_machines_with_credentials(template: Template) -> None:
    resources = template["Resources"]
    people, machine = resources["UserPoolClient"]["Properties"], resources["MachineClient"]["Properties"]

    assert resources["UserPool"]["Properties"]["UserPoolName"] == {"Sub": "${Stage}-customers-api-user-pool"}
    assert resources["UserPoolDomain"]["Properties"]["Domain"] == {"Sub": "customer-api-${Stage}-${AWS::AccountId}"}
    assert (people["GenerateSecret"], people["AllowedOAuthFlows"]) == (False, ["code"])
    assert (machine["GenerateSecret"], machine["AllowedOAuthFlows"]) == (True, ["client_credentials"])


def test_production_accepts_no_passwords(template: Template) -> None:
    condition, others, production = template["Resources"]["UserPoolClient"]["Properties"]["ExplicitAuthFlows"]["If"]

    assert condition == "AllowPasswordSignIn"
    assert "ALLOW_USER_PASSWORD_AUTH" in others
    assert "ALLOW_USER_PASSWORD_AUTH" not in production


# The publisher.


def test_the_stream_has_exactly_two_readers_with_the_same_settings(template: Template) -> None:
    """DynamoDB docs, "Reading and processing a stream": more than two readers of a shard are throttled."""
    mappings = {
        name: each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Lambda::EventSourceMapping"
        and each["Properties"]["EventSourceArn"] == {"GetAtt": "EventTable.StreamArn"}
    }

    assert set(mappings) == {"ProjectCustomersMapping", "PublishEventsMapping"}
    # The publisher also receives changes of stored events, to report them.
    different = {"FunctionName", "DestinationConfig", "FilterCriteria", "Tags"}
    project, publish = (
        {key: value for key, value in mappings[name].items() if key not in different}
        for name in ("ProjectCustomersMapping", "PublishEventsMapping")
    )
    assert publish == project
    on_failure = mappings["PublishEventsMapping"]["DestinationConfig"]["OnFailure"]
    assert on_failure["Destination"] == {"GetAtt": "PublishFailureQueue.Arn"}


def test_the_publisher_knows_whether_its_mapping_accepts_partial_responses(
    functions: dict[str, Template], template: Template
) -> None:
    mapping = template["Resources"]["PublishEventsMapping"]["Properties"]
    accepts = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])

    assert functions["PublishEvents"]["Environment"]["Variables"]["PARTIAL_ANSWERS"] == str(accepts).lower()


def test_only_the_publisher_may_publish_and_it_may_do_nothing_else(functions: dict[str, Template]) -> None:
    able = {
        name
        for name, function in functions.items()
        for statement in statements(function)
        if any(action.startswith("events:") for action in actions(statement))
    }
    # A rebuild fills rows from the event table and cannot publish anything (I6).
    assert able == {"PublishEvents"}
    granted = {
        (action, json.dumps(s["Resource"])) for s in statements(functions["PublishEvents"]) for action in actions(s)
    }
    stream, bus = '{"GetAtt": "EventTable.StreamArn"}', '{"GetAtt": "CustomersBus.Arn"}'
    assert granted == {
        ("events:DescribeEventBus", bus),
        ("events:PutEvents", bus),
        ("dynamodb:DescribeStream", stream),
        ("dynamodb:GetRecords", stream),
        ("dynamodb:GetShardIterator", stream),
        ("dynamodb:ListStreams", '{"Sub": "${EventTable.Arn}/stream/*"}'),
        ("sqs:SendMessage", '{"GetAtt": "PublishFailureQueue.Arn"}'),
    }


def test_a_stack_without_the_bus_cannot_be_deployed(functions: dict[str, Template], template: Template) -> None:
    """CloudFormation rejects a reference to a missing resource, but would not notice a name in a string."""
    assert functions["PublishEvents"]["Environment"]["Variables"]["EVENT_BUS"] == {"Ref": "CustomersBus"}
    assert template["Resources"]["CustomersBus"]["Properties"]["Name"] == {"Sub": "${Stage}-customers"}


def test_unpublished_events_raise_an_alarm(template: Template) -> None:
    alarms = {
        (each["Properties"]["Namespace"], each["Properties"]["MetricName"]): each
        for each in (template["Resources"][name] for name in ("PublishFailures", "PublishErrors", "PublishBehind"))
    }

    assert set(alarms) == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "IteratorAge"),
    }
    for alarm in alarms.values():
        assert alarm["Condition"] == ("OnAws" if alarm is template["Resources"]["PublishFailures"] else "IsFull")
        assert alarm["Properties"]["ComparisonOperator"] == "GreaterThanThreshold"
    [dimension] = alarms["AWS/Lambda", "Errors"]["Properties"]["Dimensions"]
    assert dimension == {"Name": "FunctionName", "Value": {"Ref": "PublishEvents"}}


def test_other_stacks_find_the_bus_and_the_stream_by_their_exports(template: Template) -> None:
    exports = {
        each["Export"]["Name"]["Sub"]: each["Value"] for each in template["Outputs"].values() if "Export" in each
    }

    assert exports == {
        "${Stage}-customers-event-bus-name": {"Ref": "CustomersBus"},
        "${Stage}-customers-event-bus-arn": {"GetAtt": "CustomersBus.Arn"},
        "${Stage}-customers-event-stream-arn": {"GetAtt": "EventTable.StreamArn"},
    }
    assert template["Outputs"]["EventSource"]["Value"] == {"Sub": source_of("${Stage}")}


def test_an_erasure_is_finished_when_the_bus_delivers_it_and_every_minute(functions: dict[str, Template]) -> None:
    erased, noted = (event["Properties"] for event in functions["FinishErasures"]["Events"].values())
    published = to_entry(cloud_event(samples.erased("c", 2), source_of("local"))).to_request_entry("bus")

    assert erased["EventBusName"] == {"Ref": "CustomersBus"}
    assert erased["Pattern"] == {"source": [published["Source"]], "detail-type": [published["DetailType"]]}
    assert json.loads(published["Detail"])["subject"] == "c"
    assert noted == {"Schedule": "rate(1 minute)"}


def test_an_erasure_is_left_to_the_bus_for_as_long_as_its_run_may_take(functions: dict[str, Template]) -> None:
    source = (ROOT / "commands/handlers/finish_erasures.py").read_text()

    assert f"timedelta(seconds={functions['FinishErasures']['Timeout']})" in source
