"""Removes a stage: its stack, and what the stack leaves behind because it is retained or protected."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from operations.account import AwsAccount
from operations.errors import CommandError
from operations.jobs.preflight.names_taken import is_taken, stack_status
from operations.jobs.stage_names import names_of, sign_in_domain_of, user_pool_of

# CloudFormation deletes a stack of this size in some minutes; a web ACL that is in use takes longest.
DELETED_WITHIN: Final = 1800.0  # seconds
KEY_WAITS: Final = 30  # days in which its deletion can be cancelled
TABLE, LOG_GROUP, SECRET = "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::SecretsManager::Secret"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that the clean-up removes.

    Attributes:
        kind: `stack`, `table`, `user pool`, `key`, `log group` or `secret`.
        name: Its name, or its id if names repeat.
        note: What is worth knowing before it goes.
    """

    kind: str
    name: str
    note: str = ""


def leftovers(account: AwsAccount, stage: str, stack: str) -> list[Leftover]:
    """Return what exists of a stage, in the order in which it must go.

    Args:
        account: The account and region that the stage is in.
        stage: Value of the parameter `Stage`.
        stack: Name of the stack.
    """
    found = []
    if status := stack_status(account, stack):
        found.append(Leftover("stack", stack, status))
    taken = [each for each in names_of(stage) if each.kind in (TABLE, LOG_GROUP, SECRET) and is_taken(account, each)]
    found += [Leftover("table", each.name, _items(account, each.name)) for each in taken if each.kind == TABLE]
    found += [Leftover("user pool", pool, _users(account, pool)) for pool in _pools(account, stage)]
    found += [Leftover("secret", each.name) for each in taken if each.kind == SECRET]
    found += [Leftover("log group", each.name) for each in taken if each.kind == LOG_GROUP]
    if key := _own_key(account, stack):
        found.append(Leftover("key", key, f"deleted after {KEY_WAITS} days; until then it costs what it does now"))
    return found


def _items(account: AwsAccount, table: str) -> str:
    described = account.client("dynamodb").describe_table(TableName=table)["Table"]
    protected = ", protected" if described.get("DeletionProtectionEnabled") else ""
    return f"about {described.get('ItemCount', 0)} items{protected}"


def _users(account: AwsAccount, pool: str) -> str:
    described = account.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]
    return f"about {described.get('EstimatedNumberOfUsers', 0)} people"


def _pools(account: AwsAccount, stage: str) -> list[str]:
    pages = account.client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60)
    return [pool["Id"] for page in pages for pool in page["UserPools"] if pool["Name"] == user_pool_of(stage)]


def _own_key(account: AwsAccount, stack: str) -> str:
    """The key that the stack created. The pipeline's key of a stage is not the stack's, and stays."""
    try:
        detail = account.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId="DataKey")
    except ClientError:
        return ""
    return str(detail["StackResourceDetail"].get("PhysicalResourceId", ""))


def remove(
    account: AwsAccount,
    stage: str,
    found: list[Leftover],
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Leftover]:
    """Remove what was found, and yield each thing once it is gone. Can be repeated after an interruption.

    Raises:
        CommandError: CloudFormation could not delete the stack.
    """
    removers: Mapping[str, Callable[[str], object]] = {
        "stack": lambda name: _stack(account, name, pause, clock),
        "table": lambda name: _table(account, name, pause),
        "user pool": lambda name: _pool(account, name, stage),
        "secret": lambda name: _delete_secret(account, name),
        "log group": lambda name: account.client("logs").delete_log_group(logGroupName=name),
        "key": lambda name: account.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=KEY_WAITS),
    }
    for each in found:
        try:
            removers[each.kind](each.name)
        except ClientError as error:
            # The stack took it along, or an earlier try did.
            if error.response["Error"]["Code"] not in _GONE:
                raise
        yield each


_GONE: Final = frozenset({"ResourceNotFoundException", "KMSInvalidStateException", "NotFoundException"})


def _stack(account: AwsAccount, name: str, pause: Callable[[float], None], clock: Callable[[], float]) -> None:
    client: Any = account.client("cloudformation")
    client.delete_stack(StackName=name)
    deadline = clock() + DELETED_WITHIN
    while status := stack_status(account, name):
        if status in ("DELETE_COMPLETE", "DELETE_FAILED") or clock() > deadline:
            break
        pause(5.0)
    if status and status != "DELETE_COMPLETE":
        raise CommandError(f"{name} is in {status}: read why in its events, then run the same command again.")


def _table(account: AwsAccount, name: str, pause: Callable[[float], None]) -> None:
    client: Any = account.client("dynamodb")
    if client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
    while client.describe_table(TableName=name)["Table"]["TableStatus"] not in ("ACTIVE", "DELETING"):
        pause(1.0)
    client.delete_table(TableName=name)


def _pool(account: AwsAccount, pool: str, stage: str) -> None:
    client: Any = account.client("cognito-idp")
    if client.describe_user_pool(UserPoolId=pool)["UserPool"].get("DeletionProtection") == "ACTIVE":
        client.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    domain = sign_in_domain_of(stage, account.client("sts").get_caller_identity()["Account"])
    if client.describe_user_pool_domain(Domain=domain)["DomainDescription"].get("UserPoolId") == pool:
        client.delete_user_pool_domain(Domain=domain, UserPoolId=pool)
    client.delete_user_pool(UserPoolId=pool)


def _delete_secret(account: AwsAccount, name: str) -> None:
    # A secret that waits for its deletion keeps its name, so nothing of that name could be created.
    account.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
