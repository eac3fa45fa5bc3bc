"""Whether the names of a new stack are free: leftovers of an earlier one stop its creation."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from operations.account import AwsAccount
from operations.jobs.preflight.findings import OK, STOP, Checked, PlannedDeployment
from operations.jobs.stage_names import StageName, names_of, sign_in_domain_of

# Codes with which the services say that something does not exist.
ABSENT: Final = frozenset({
    "AWS.SimpleQueueService.NonExistentQueue",
    "NonExistentQueue",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
})  # fmt: skip
FAILED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})


def stack_status(account: AwsAccount, stack: str) -> str:
    """Return the status of a stack; empty if the stack does not exist."""
    try:
        [found] = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise
    return str(found["StackStatus"])


def check_stack(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the stack can be created or updated."""
    status = stack_status(account, plan.stack)
    if status in FAILED:
        yield Checked(
            "stack",
            STOP,
            f"{plan.stack} is in {status}: remove it with clean-up --stage {plan.stage}, then deploy again",
        )
    elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        yield Checked("stack", STOP, f"{plan.stack} is in {status}: wait until it ends")
    elif status:
        yield Checked("stack", OK, f"{plan.stack} is in {status} and will be updated")
    else:
        yield Checked("stack", OK, f"{plan.stack} does not exist and will be created")


def check_names(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the names that the stack takes are free. They are its own if it exists."""
    if stack_status(account, plan.stack) not in ("", "REVIEW_IN_PROGRESS", *FAILED):
        yield Checked("names", OK, "the stack has them")
        return
    # The pipeline creates the key's alias with the stage's roles.
    wanted = [each for each in names_of(plan.stage) if not (plan.pipeline and each.kind == "AWS::KMS::Alias")]
    taken = [each for each in wanted if is_taken(account, each)]
    for each in taken:
        yield Checked(
            "names", STOP, f"{each.name} exists ({each.logical_id}): remove it with clean-up --stage {plan.stage}"
        )
    if not taken:
        yield Checked("names", OK, f"{len(wanted)} names are free")


def check_domain(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the prefix of the sign-in address is free."""
    account_id = account.client("sts").get_caller_identity()["Account"]
    domain = sign_in_domain_of(plan.stage, account_id)
    found = account.client("cognito-idp").describe_user_pool_domain(Domain=domain)["DomainDescription"]
    if found.get("UserPoolId") and not stack_status(account, plan.stack):
        yield Checked(
            "sign-in domain",
            STOP,
            f"{domain} belongs to {found['UserPoolId']}: remove it with clean-up --stage {plan.stage}",
        )
    else:
        yield Checked("sign-in domain", OK, f"{domain} is {'its own' if found.get('UserPoolId') else 'free'}")


def is_taken(account: AwsAccount, wanted: StageName) -> bool:
    """Whether a resource of this kind has the name already."""
    try:
        return LOOK[wanted.kind](account, wanted.name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise


def _table(account: AwsAccount, name: str) -> bool:
    return bool(account.client("dynamodb").describe_table(TableName=name))


def _bus(account: AwsAccount, name: str) -> bool:
    return bool(account.client("events").describe_event_bus(Name=name))


def _alias(account: AwsAccount, name: str) -> bool:
    pages = account.client("kms").get_paginator("list_aliases").paginate()
    return any(each["AliasName"] == name for page in pages for each in page["Aliases"])


def _log_group(account: AwsAccount, name: str) -> bool:
    found = account.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(each["logGroupName"] == name for each in found)


def _queue(account: AwsAccount, name: str) -> bool:
    return bool(account.client("sqs").get_queue_url(QueueName=name))


def _secret(account: AwsAccount, name: str) -> bool:
    # A secret that waits for its deletion keeps its name.
    return bool(account.client("secretsmanager").describe_secret(SecretId=name))


def _function(account: AwsAccount, name: str) -> bool:
    return bool(account.client("lambda").get_function(FunctionName=name))


def _state_machine(account: AwsAccount, name: str) -> bool:
    pages = account.client("stepfunctions").get_paginator("list_state_machines").paginate()
    return any(each["name"] == name for page in pages for each in page["stateMachines"])


def _web_acl(account: AwsAccount, name: str) -> bool:
    found: list[Mapping[str, Any]] = account.client("wafv2").list_web_acls(Scope="REGIONAL", Limit=100)["WebACLs"]
    return any(each["Name"] == name for each in found)


LOOK: Final[Mapping[str, Callable[[AwsAccount, str], bool]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::EventBus": _bus,
    "AWS::KMS::Alias": _alias,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SQS::Queue": _queue,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Serverless::Function": _function,
    "AWS::Serverless::StateMachine": _state_machine,
    "AWS::WAFv2::WebACL": _web_acl,
}
