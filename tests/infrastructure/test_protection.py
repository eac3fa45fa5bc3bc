"""Protection of the data and the service on AWS. The local AWS has little of it, so only this test checks it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.http.problems import TooManyRequests
from tests.infrastructure.conftest import transformed

Template = dict[str, Any]
TABLES = ("EventTable", "ClaimsTable", "ErasuresTable", "ErasureLogTable", "ReadTable")
# Resource types that the local stage lacks.
ONLY_ON_AWS = ("AWS::WAFv2::", "AWS::CodeDeploy::DeploymentConfig", "AWS::KMS::", "AWS::CloudWatch::",
                "AWS::ApiGateway::Account", "AWS::Logs::")  # fmt: skip
# In a key's own policy, "*" means the key. The other policy applies only on the local AWS.
ANY_RESOURCE = {"DataKey", "ProjectCustomersLocalPolicy"}
# The key of the stack's own, or the one that the pipeline hands over.
KEY = {"Fn::If": ["OwnKey", {"Fn::GetAtt": ["DataKey", "Arn"]}, {"Ref": "DataKeyArn"}]}
NOTHING = {"Ref": "AWS::NoValue"}
IF_ANY = {"Fn::If": ["HasKey", KEY, NOTHING]}
# Statements that take permissions away, from every resource.
DENYING = {"NoLogGroupsPolicy"}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def documents(template: Template) -> Iterator[tuple[str, Template]]:
    """Yield every policy in the template: the logical id of its resource, and the document."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for policy in properties.get("Policies", []) if resource["Type"] == "AWS::IAM::Role" else []:
            yield name, policy["PolicyDocument"]
        for key in ("PolicyDocument", "KeyPolicy"):
            if key in properties:
                yield name, properties[key]


def statements(template: Template) -> Iterator[tuple[str, Template]]:
    for name, document in documents(template):
        for statement in as_list(document["Statement"]):
            yield name, statement


def of_type(template: Template, kind: str) -> dict[str, Template]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def test_every_function_has_its_own_role(production: Template) -> None:
    functions = of_type(production, "AWS::Lambda::Function")
    roles = [each["Properties"]["Role"]["Fn::GetAtt"][0] for each in functions.values()]

    assert sorted(roles) == sorted(f"{name}Role" for name in functions)


def test_no_policy_has_a_wildcard_in_an_action(production: Template) -> None:
    patterns = [
        (name, statement["Sid"])
        for name, statement in statements(production)
        if any("*" in action for action in as_list(statement["Action"]))
    ]

    # KMS docs, "Default key policy": a key that its account cannot manage is lost.
    assert patterns == [("DataKey", "DelegateToIam")]


def test_no_policy_allows_any_resource_without_need(production: Template) -> None:
    assert {name for name, each in statements(production) if "*" in as_list(each["Resource"])} == (
        ANY_RESOURCE | DENYING
    )
    assert {name for name, each in statements(production) if each["Effect"] == "Deny"} == DENYING


def test_functions_have_only_the_managed_policies_of_lambda(production: Template) -> None:
    roles = {f"{name}Role" for name in of_type(production, "AWS::Lambda::Function")}
    managed = {
        json.dumps(policy)
        for name in roles
        for policy in production["Resources"][name]["Properties"]["ManagedPolicyArns"]
    }

    assert len(managed) == 2
    assert all("AWSLambdaBasicExecutionRole" in each or "AWSXrayWriteOnlyAccess" in each for each in managed)


def test_resources_that_the_local_stage_lacks_have_a_condition(template: Template) -> None:
    found = {
        name: each.get("Condition")
        for name, each in template["Resources"].items()
        if each["Type"].startswith(ONLY_ON_AWS)
    }

    assert len(found) > 20
    assert set(found.values()) <= {
        "OnAws", "IsFull", "DeployGradually", "HasAllowedOriginsOnAws", "OwnKey", "SetGatewayAccount",
    }  # fmt: skip


def test_the_key_rotates_and_outlives_the_stack(production: Template) -> None:
    key = production["Resources"]["DataKey"]

    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert key["Condition"] == "OwnKey"


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_encrypted_with_the_key_on_aws(production: Template, name: str) -> None:
    condition, on_aws, local = production["Resources"][name]["Properties"]["SSESpecification"]["Fn::If"]

    assert condition == "HasKey"
    assert on_aws["SSEType"] == "KMS"
    assert on_aws["KMSMasterKeyId"] == KEY
    assert local == {"SSEEnabled": True}


def test_queues_topics_logs_and_secrets_are_encrypted_with_the_key(production: Template) -> None:
    holders = {
        "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::SNS::Topic": "KmsMasterKeyId",
        "AWS::Logs::LogGroup": "KmsKeyId",
        "AWS::SecretsManager::Secret": "KmsKeyId",
    }
    for kind, property_ in holders.items():
        found = of_type(production, kind)
        assert found
        for name, resource in found.items():
            given = resource["Properties"][property_]
            # Some resources exist only with a key, others also without; those of the local stage ask for AWS first.
            assert given in (KEY, IF_ANY, {"Fn::If": ["OnAws", IF_ANY, NOTHING]}), name


def users_of(template: Template, policy: str) -> set[str]:
    return {role["Ref"].removesuffix("Role") for role in template["Resources"][policy]["Properties"]["Roles"]}


def test_exactly_the_functions_that_use_a_table_may_use_its_key(production: Template) -> None:
    using = {
        name.removesuffix("Role")
        for name, each in statements(production)
        if name.endswith("Role") and any(action.startswith("dynamodb:") for action in as_list(each["Action"]))
    }

    # The publisher reads the event table's stream, and no table.
    assert users_of(production, "UseTablesPolicy") | users_of(production, "UseStreamPolicy") == using
    assert users_of(production, "UseStreamPolicy") == {"PublishEvents"}


def test_exactly_the_functions_that_send_to_a_queue_may_use_its_key(production: Template) -> None:
    sending = {
        name.removesuffix("Role")
        for name, each in statements(production)
        if name.endswith("Role") and "sqs:SendMessage" in as_list(each["Action"])
    }

    assert users_of(production, "UseQueuesPolicy") == sending
    assert users_of(production, "UseSecretPolicy") == {
        "CreateCustomer", "UpdateCustomer", "EraseCustomer", "GetAllCustomers", "GetCustomer",
        "SearchCustomers",
        "GetStatistics",
    }  # fmt: skip


def test_the_key_is_used_only_through_services(production: Template) -> None:
    for name in ("UseTablesPolicy", "UseStreamPolicy", "UseQueuesPolicy", "UseSecretPolicy"):
        for statement in production["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]:
            [[operator, condition]] = statement["Condition"].items()
            assert operator == "StringEquals"
            assert list(condition) == ["kms:ViaService"]
            assert statement["Resource"] == KEY


def test_every_function_has_a_log_with_a_retention_period(production: Template) -> None:
    logs = {
        json.dumps(each["Properties"]["LogGroupName"]): each["Properties"]
        for each in of_type(production, "AWS::Logs::LogGroup").values()
    }

    for name in of_type(production, "AWS::Lambda::Function"):
        assert json.dumps({"Fn::Sub": f"/aws/lambda/${{Stage}}-customers-{name}"}) in logs
    for log in logs.values():
        assert log["RetentionInDays"] == {"Fn::If": ["IsProduction", 90, 30]}


def test_the_firewall_protects_the_api(production: Template) -> None:
    firewall = production["Resources"]["Firewall"]["Properties"]

    managed = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]
        for rule in firewall["Rules"]
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert managed == {"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet",
                       "AWSManagedRulesCommonRuleSet"}  # fmt: skip
    assert [rule["Priority"] for rule in firewall["Rules"]] == list(range(6))
    where = production["Resources"]["FirewallAtApi"]["Properties"]["ResourceArn"]["Fn::Sub"]
    assert where.endswith("/restapis/${CustomersApi}/stages/${CustomersApiStage}")


def test_the_firewall_counts_by_address_and_by_token(production: Template) -> None:
    firewall = production["Resources"]["Firewall"]["Properties"]
    rates = {
        rule["Name"]: rule["Statement"]["RateBasedStatement"]
        for rule in firewall["Rules"]
        if "RateBasedStatement" in rule["Statement"]
    }
    limits = {name: each["Limit"]["Ref"] for name, each in rates.items()}

    assert limits == {
        "flood-by-address": "AddressRateLimit",
        "flood-by-token": "TokenRateLimit",
        "flood-without-token": "AnonymousRateLimit",
    }
    [key] = rates["flood-by-token"]["CustomKeys"]
    assert key["Header"]["Name"] == "authorization"
    without = rates["flood-without-token"]["ScopeDownStatement"]["NotStatement"]["Statement"]["SizeConstraintStatement"]
    assert without["FieldToMatch"] == {"SingleHeader": {"Name": "authorization"}}
    # A server behind one address gets a hundred requests a second and more.
    for name in ("AddressRateLimit", "TokenRateLimit"):
        assert production["Parameters"][name]["Default"] >= 100 * 300


def test_a_flood_gets_a_problem_that_says_when_to_come_back(production: Template) -> None:
    firewall = production["Resources"]["Firewall"]["Properties"]

    for rule in firewall["Rules"]:
        if "RateBasedStatement" in rule["Statement"]:
            response = rule["Action"]["Block"]["CustomResponse"]
            body = firewall["CustomResponseBodies"][response["CustomResponseBodyKey"]]
            assert response["ResponseCode"] == 429
            assert response["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "60"}]
            assert body["ContentType"] == "APPLICATION_JSON"
            document = json.loads(body["Content"])
            assert (document["type"], document["status"]) == (f"/docs/problems/{TooManyRequests.slug}", 429)
            assert document["title"] == TooManyRequests.title


def test_firewall_logs_hold_no_bodies_no_matched_data_and_no_headers_of_the_callers_choice(
    production: Template,
) -> None:
    protections = production["Resources"]["Firewall"]["Properties"]["DataProtectionConfig"]["DataProtections"]
    by_field = {each["Field"]["FieldType"]: each for each in protections}
    logging = production["Resources"]["FirewallLogging"]["Properties"]
    headers = {each["SingleHeader"]["Name"] for each in logging["RedactedFields"] if "SingleHeader" in each}

    assert set(by_field) == {"BODY", "QUERY_STRING", "SINGLE_HEADER"}
    for each in protections:
        assert each["Action"] == "SUBSTITUTION"
        assert not each["ExcludeRuleMatchDetails"]
        assert not each["ExcludeRateBasedDetails"]
    assert set(by_field["SINGLE_HEADER"]["Field"]["FieldKeys"]) == headers
    assert {"authorization", "cookie", "idempotency-key", "x-correlation-id", "consistency-token"} <= headers
    assert {"UriPath": {}} in logging["RedactedFields"]
    assert {"QueryString": {}} in logging["RedactedFields"]
    [kept] = logging["LoggingFilter"]["Filters"]
    assert kept["Conditions"] == [{"ActionCondition": {"Action": "BLOCK"}}]
    visible = [production["Resources"]["Firewall"]["Properties"]] + production["Resources"]["Firewall"]["Properties"][
        "Rules"
    ]
    assert not any(each["VisibilityConfig"]["SampledRequestsEnabled"] for each in visible)


def test_the_firewall_accepts_bodies_that_the_api_accepts(production: Template) -> None:
    [common] = [
        rule["Statement"]["ManagedRuleGroupStatement"]
        for rule in production["Resources"]["Firewall"]["Properties"]["Rules"]
        if rule["Name"] == "common-attacks"
    ]

    assert {each["Name"] for each in common["RuleActionOverrides"]} == {"SizeRestrictions_BODY", "NoUserAgent_HEADER"}


def test_every_method_has_a_throttle(production: Template, functions: dict[str, Template]) -> None:
    routes = {
        # API Gateway writes the root as a slash alone.
        (
            event["Properties"]["Method"],
            "/" + event["Properties"]["Path"].replace("/", "~1") if event["Properties"]["Path"] != "/" else "/",
        )
        for function in functions.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }
    settings = {
        (each["HttpMethod"], each["ResourcePath"]): each
        for each in production["Resources"]["CustomersApiStage"]["Properties"]["MethodSettings"]
    }

    # Preflights have the throttle of all methods: a setting for a method that may not exist could fail a deployment.
    assert set(settings) == {route for route in routes if route[0] != "OPTIONS"} | {("*", "/*")}
    documentation = {
        "/",
        "/~1docs",
        "/~1docs~1{file}",
        "/~1docs~1problems",
        "/~1docs~1problems~1{problem}",
        "/~1openapi.json",
    }
    for (_, path), each in settings.items():
        assert each["ThrottlingRateLimit"] == each["ThrottlingBurstLimit"]
        if path in documentation:
            assert each["ThrottlingRateLimit"] == 50
        else:
            assert production["Parameters"][each["ThrottlingRateLimit"]["Ref"]]["MinValue"] == 1


def test_the_access_log_has_no_paths_and_no_personal_data(production: Template) -> None:
    condition, on_aws, _ = production["Resources"]["CustomersApiStage"]["Properties"]["AccessLogSetting"]["Fn::If"]
    logged = json.loads(on_aws["Format"])

    assert condition == "IsFull"
    assert set(logged) == {
        "service",
        "stage",
        "request_id",
        "at",
        "route",
        "status",
        "milliseconds",
        "bytes",
        "error",
        "caller",
        "trace",
    }
    assert "$context.path" not in on_aws["Format"]
    assert "email" not in on_aws["Format"]


def test_reserved_concurrency_is_set_by_parameters_and_off_by_default(
    template: Template, functions: dict[str, Template]
) -> None:
    reserved = {name: each["ReservedConcurrentExecutions"] for name, each in functions.items()
                if "ReservedConcurrentExecutions" in each}  # fmt: skip

    def by(condition: str, parameter: str) -> Template:
        assert template["Parameters"][parameter]["Default"] == 0
        assert template["Conditions"][condition] == {"Not": [{"Equals": [{"Ref": parameter}, 0]}]}
        return {"If": [condition, {"Ref": parameter}, {"Ref": "AWS::NoValue"}]}

    def unless_closed(otherwise: Template) -> Template:
        return {"If": ["IsClosed", 0, otherwise]}

    assert reserved == {
        "ProjectCustomers": by("ReserveProjector", "ProjectorConcurrency"),
        "PublishEvents": by("ReservePublisher", "PublisherConcurrency"),
        "GetAllCustomers": unless_closed(by("LimitReads", "ReadConcurrency")),
        "GetCustomer": unless_closed(by("LimitReads", "ReadConcurrency")),
        "SearchCustomers": unless_closed(by("LimitReads", "ReadConcurrency")),
        "GetStatistics": unless_closed(by("LimitReads", "ReadConcurrency")),
        "CreateCustomer": unless_closed({"Ref": "AWS::NoValue"}),
        "UpdateCustomer": unless_closed({"Ref": "AWS::NoValue"}),
        "EraseCustomer": unless_closed({"Ref": "AWS::NoValue"}),
    }


def test_exactly_the_functions_that_sign_or_verify_may_read_the_keys(production: Template) -> None:
    readers = {
        name.removesuffix("Role")
        for name, each in statements(production)
        if "secretsmanager:GetSecretValue" in as_list(each["Action"])
    }
    using = {
        name
        for name, each in of_type(production, "AWS::Lambda::Function").items()
        if "SIGNING_SECRET" in each["Properties"]["Environment"]["Variables"]
    }

    assert (
        readers
        == using
        == {
            "CreateCustomer",
            "UpdateCustomer",
            "EraseCustomer",
            "EraseSyntheticCustomer",
            "GetAllCustomers",
            "GetCustomer",
            "SearchCustomers",
            "GetStatistics",
        }
    )
    for name in using:
        variables = production["Resources"][name]["Properties"]["Environment"]["Variables"]
        assert variables["SIGNING_SECRET"] == {"Ref": "SigningSecret"}


def test_functions_of_the_api_start_from_snapshots(functions: dict[str, Template]) -> None:
    with_snapshots = {name for name, each in functions.items() if "SnapStart" in each}

    others = {"ShowDocs", "AnswerPreflight", "FinishErasures"}
    assert with_snapshots == {name for name, each in functions.items() if each.get("Events")} - others
    for name in with_snapshots:
        assert functions[name]["SnapStart"] == {"ApplyOn": {"If": ["UseSnapStart", "PublishedVersions", "None"]}}


def test_snapshots_are_off_for_a_runtime_that_lacks_them(template: Template) -> None:
    assert template["Conditions"]["UseSnapStart"] == {
        "And": [
            {"Condition": "IsProduction"},
            {"Condition": "IsFull"},
            {"Not": [{"Equals": [{"Ref": "Runtime"}, "python3.11"]}]},
        ]
    }


def test_the_local_stack_does_not_use_code_deploy() -> None:
    local = transformed("local", "false")

    assert not [name for name in local["Resources"] if name.endswith("DeploymentGroup")]
    assert "ServerlessDeploymentApplication" not in local["Resources"]
