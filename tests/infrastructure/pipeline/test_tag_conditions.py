"""Conditions on CloudFormation's tags stand only on kinds of resources that CloudFormation tags.

`cloudFormationSystemTags` in a type's schema says whether it does. A condition on another kind allows nothing, whatever
the resource: CloudFormation tags no keys and no tables.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests.infrastructure.pipeline.reading import in_account, listed, of_type

Template = dict[str, Any]
REGION = "eu-west-1"
TAG = "aws:ResourceTag/aws:cloudformation:"
# Part of an ARN -> the type that carries the tags. Everything below an API inherits them (API Gateway developer guide,
# "API Gateway resources that can be tagged"), and clients, groups and domains are reached through their pool.
TAGGED_BY = {
    ":apigateway:eu-west-1::/restapis/*": "AWS::ApiGateway::RestApi",
    ":userpool/*": "AWS::Cognito::UserPool",
    ":kms:eu-west-1:123456789012:key/*": "AWS::KMS::Key",
    ":table/": "AWS::DynamoDB::Table",
}


def has_system_tags(kind: str) -> bool:
    tagging = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("tagging", {})
    return bool(tagging.get("cloudFormationSystemTags"))


def statements(template: Template) -> Iterator[Template]:
    """Yield every statement of every role and policy."""
    for properties in (
        *of_type(template, "AWS::IAM::Role").values(),
        *of_type(template, "AWS::IAM::ManagedPolicy").values(),
    ):
        documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
        for document in [*documents, *([properties["PolicyDocument"]] if "PolicyDocument" in properties else [])]:
            yield from document["Statement"]


def conditioned(*templates: Template) -> list[Template]:
    return [
        each for template in templates for each in statements(template) if TAG in json.dumps(each.get("Condition", {}))
    ]


def test_the_schemas_tell_the_kinds_apart() -> None:
    assert has_system_tags("AWS::Cognito::UserPool")
    assert has_system_tags("AWS::ApiGateway::RestApi")
    assert has_system_tags("AWS::ApiGateway::Stage")
    assert not has_system_tags("AWS::KMS::Key")
    assert not has_system_tags("AWS::DynamoDB::Table")


def test_every_condition_on_cloudformation_s_tags_stands_on_a_kind_that_has_them(
    stack: Template, access: dict[str, Template], accounts: dict[str, Template]
) -> None:
    found = conditioned(stack, *access.values(), *accounts.values())

    assert len(found) >= 5
    assert [complaint for each in found for complaint in complaints(each)] == []


def complaints(statement: Template) -> Iterator[str]:
    """Yield the resources of a statement that CloudFormation does not tag, or of which that is not known."""
    for resource in listed(statement["Resource"]):
        kinds = [kind for part, kind in TAGGED_BY.items() if part in in_account(resource)]
        if len(kinds) != 1:
            yield f"{resource}: name the type that carries its tags in TAGGED_BY"
        elif not has_system_tags(kinds[0]):
            yield f"{resource}: CloudFormation does not tag {kinds[0]}"


@pytest.mark.parametrize("resource", ["kms:${R}:${A}:key/*", "dynamodb:${R}:${A}:table/x", "ec2:${R}:${A}:instance/*"])
def test_a_condition_on_a_kind_without_these_tags_is_found(resource: str) -> None:
    """What the keys' statements once were: allowed on paper, and denied always."""
    arn = "arn:aws:" + resource.replace("${R}", "${AWS::Region}").replace("${A}", "${AWS::AccountId}")

    assert len(list(complaints({"Resource": {"Fn::Sub": arn}}))) == 1


def test_every_other_resource_tag_condition_is_absent(stack: Template, access: dict[str, Template]) -> None:
    """Anybody who may tag a resource could meet a condition on another tag."""
    for template in (stack, *access.values()):
        for each in statements(template):
            keys = [key for operator in each.get("Condition", {}).values() for key in operator]
            assert [key for key in keys if "ResourceTag" in key and not key.startswith(TAG)] == []


@pytest.mark.parametrize(("stage", "other"), [("Staging", "Production"), ("Production", "Staging")])
def test_a_deployment_reaches_pools_and_apis_of_its_own_stack_only(
    access: dict[str, Template], stage: str, other: str
) -> None:
    """A push is deployed to staging before anybody approves. It must not reach production's pool and API."""
    own = {"StringEquals": {f"{TAG}stack-name": f"CustomersApi{stage}"}}
    for each in statements(access[stage]):
        actions = listed(each["Action"])
        reached = [in_account(resource) for resource in listed(each["Resource"])]
        changes = [a for a in actions if a.startswith(("cognito-idp:", "apigateway:")) and a not in UNCONDITIONED]
        if changes and [arn for arn in reached if not arn.endswith(("/restapis", "/tags/*"))]:
            assert each["Condition"] == own, changes
    assert f"CustomersApi{other}" not in json.dumps(access[stage])


# A pool that is being created has no tags, and a domain is found by its name.
UNCONDITIONED = {"cognito-idp:CreateUserPool", "cognito-idp:DescribeUserPoolDomain"}
