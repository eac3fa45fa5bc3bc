"""What the pipeline needs before it is deployed."""

import json
from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from operations.account import Account
from operations.jobs.preflight.findings import NOTE, OK, STOP, Finding, Plan
from operations.jobs.preflight.names_taken import stack_status

# The specification fixes these names.
OWNER, SECRET, FIELD = "github_username", "github_token", "github_token"
PIPELINE: Final = "CustomersApiPipeline"
BUCKETS: Final = ("ci-cd-pipeline-artifacts", "customers-api-artifacts")
PLACEHOLDER: Final = "YOUR-NAME"


def check_owner(account: Account, _: Plan) -> Iterator[Finding]:
    """Whether the repository's owner is stored."""
    try:
        owner = account.client("ssm").get_parameter(Name=OWNER)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        yield Finding("repository", STOP, f"there is no parameter {OWNER}: aws ssm put-parameter --name {OWNER} ...")
        return
    if owner == PLACEHOLDER:
        yield Finding("repository", STOP, f"{OWNER} is still {PLACEHOLDER}: store the owner of the repository")
    else:
        yield Finding("repository", OK, f"{OWNER} is {owner}")


def check_source(account: Account, plan: Plan) -> Iterator[Finding]:
    """Whether the pipeline can reach GitHub."""
    yield from _token(account) if plan.source == "token" else _connection(account)


def _connection(account: Account) -> Iterator[Finding]:
    found = account.client("codeconnections").list_connections(ProviderTypeFilter="GitHub")["Connections"]
    ready = [each["ConnectionName"] for each in found if each["ConnectionStatus"] == "AVAILABLE"]
    waiting = [each["ConnectionName"] for each in found if each["ConnectionStatus"] == "PENDING"]
    if ready:
        yield Finding("GitHub", OK, f"connection {ready[0]} is available")
    elif waiting:
        yield Finding(
            "GitHub", STOP, f"connection {waiting[0]} is pending: complete it in the console, Settings, Connections"
        )
    else:
        yield Finding("GitHub", NOTE, "no connection yet: cdk deploy creates one, which you complete in the console")


def _token(account: Account) -> Iterator[Finding]:
    try:
        text = account.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        yield Finding(
            "GitHub", STOP, f"there is no secret {SECRET}: aws secretsmanager create-secret --name {SECRET} ..."
        )
        return
    try:
        has_token = bool(json.loads(text)[FIELD])
    except (ValueError, KeyError, TypeError):
        has_token = False
    if has_token:
        yield Finding("GitHub", OK, f"the secret {SECRET} has a token")
    else:
        yield Finding("GitHub", STOP, f'the secret {SECRET} must be JSON with the field {FIELD}: {{"{FIELD}": "..."}}')


def check_buckets(account: Account, _: Plan) -> Iterator[Finding]:
    """Whether the names of the pipeline's buckets are free. They are its own if it exists."""
    if stack_status(account, PIPELINE) not in ("", "REVIEW_IN_PROGRESS"):
        yield Finding("buckets", OK, f"{PIPELINE} has them")
        return
    account_id = account.client("sts").get_caller_identity()["Account"]
    ours = {each["Name"] for each in account.client("s3").list_buckets()["Buckets"]}
    taken = [name for name in (f"{prefix}-{account_id}" for prefix in BUCKETS) if name in ours]
    for name in taken:
        yield Finding(
            "buckets", STOP, f"{name} exists: import it, or empty and delete it (docs/how-to/run-the-pipeline.md)"
        )
    if not taken:
        yield Finding("buckets", OK, "both names are free in this account")


def check_bootstrap(account: Account, _: Plan) -> Iterator[Finding]:
    """Whether the account was bootstrapped for the CDK, which the pipeline does without."""
    found = stack_status(account, "CDKToolkit")
    yield Finding("cdk bootstrap", OK, f"not needed; CDKToolkit is {f'in {found}' if found else 'absent'}")


def check_access(account: Account, plan: Plan) -> Iterator[Finding]:
    """Whether the stack with the stage's roles and key stands."""
    name = f"{PIPELINE}{plan.stage[:1].upper()}{plan.stage[1:]}"
    status = stack_status(account, name)
    if status.endswith("_COMPLETE") and status not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        yield Finding("stage's roles", OK, f"{name} is in {status}")
    elif status:
        yield Finding("stage's roles", STOP, f"{name} is in {status}: delete it and deploy it again")
    else:
        yield Finding("stage's roles", NOTE, f"{name} does not exist: cdk deploy creates it")
