"""The names that a stage's stack takes, read from template.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.template import load_template

# Property that names a resource of a type. CloudFormation refuses a name that is taken.
NAMED_BY: Final[Mapping[str, str]] = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::Serverless::StateMachine": "Name",
    "AWS::WAFv2::WebACL": "Name",
}


@dataclass(frozen=True, slots=True)
class StageName:
    """A name that the stack takes.

    Attributes:
        kind: Type of the resource.
        logical_id: Its name in the template.
        name: Its name in the account.
    """

    kind: str
    logical_id: str
    name: str


def names_of(stage: str) -> list[StageName]:
    """Return the names that a stage's stack takes, in the order of the template.

    Args:
        stage: Value of the parameter `Stage`.
    """
    found = []
    for logical_id, resource in load_template()["Resources"].items():
        name = _resolved(resource["Properties"].get(NAMED_BY.get(resource["Type"], "")), stage)
        if name:
            found.append(StageName(resource["Type"], logical_id, name))
    return found


def user_pool_of(stage: str) -> str:
    """Return the name of a stage's user pool. Cognito allows several of one name."""
    return _resolved(load_template()["Resources"]["UserPool"]["Properties"]["UserPoolName"], stage)


def sign_in_domain_of(stage: str, account_id: str) -> str:
    """Return the prefix of a stage's sign-in address, which only one user pool of a region can have."""
    domain = load_template()["Resources"]["UserPoolDomain"]["Properties"]["Domain"]["Sub"]
    return str(domain).replace("${Stage}", stage).replace("${AWS::AccountId}", account_id)


def stack_of(stage: str) -> str:
    """Return the name that the documentation and the pipeline give the stack of a stage.

    >>> stack_of("staging")
    'CustomersApiStaging'
    """
    return f"CustomersApi{stage[:1].upper()}{stage[1:]}"


def _resolved(value: Any, stage: str) -> str:
    text = str(value.get("Sub", "")) if isinstance(value, dict) else ""
    name = text.replace("${Stage}", stage)
    return "" if "${" in name else name
