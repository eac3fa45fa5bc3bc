"""What the pipeline needs before it is deployed."""

import json
from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from operations.account import AwsAccount
from operations.jobs.preflight.findings import NOTE, OK, STOP, Checked, PlannedDeployment
from operations.jobs.preflight.names_taken import stack_status

# The specification fixes these names.
OWNER, SECRET, FIELD = "github_username", "github_token", "github_token"
PIPELINE: Final = "CustomersApiPipeline"
BUCKETS: Final = ("ci-cd-pipeline-artifacts", "customers-api-artifacts")
PLACEHOLDER: Final = "YOUR-NAME"


def check_owner(account: AwsAccount, _: PlannedDeployment) -> Iterator[Checked]:
    """Whether the repository's owner is stored."""
    try:
        owner = account.client("ssm").get_parameter(Name=OWNER)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        yield Checked("repository", STOP, f"there is no parameter {OWNER}: aws ssm put-parameter --name {OWNER} ...")
        return
    if owner == PLACEHOLDER:
        yield Checked("repository", STOP, f"{OWNER} is still {PLACEHOLDER}: store the owner of the repository")
    else:
        yield Checked("repository", OK, f"{OWNER} is {owner}")


def check_source(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the pipeline can reach GitHub."""
    yield from _token(account) if plan.source == "token" else _connection(account)


def _connection(account: AwsAccount) -> Iterator[Checked]:
    found = account.client("codeconnections").list_connections(ProviderTypeFilter="GitHub")["Connections"]
    ready = [each["ConnectionName"] for each in found if each["ConnectionStatus"] == "AVAILABLE"]
    waiting = [each["ConnectionName"] for each in found if each["ConnectionStatus"] == "PENDING"]
    if ready:
        yield Checked("GitHub", OK, f"connection {ready[0]} is available")
    elif waiting:
        yield Checked(
            "GitHub", STOP, f"connection {waiting[0]} is pending: complete it in the console, Settings, Connections"
        )
    else:
        yield Checked("GitHub", NOTE, "no connection yet: cdk deploy creates one, which you complete in the console")


def _token(account: AwsAccount) -> Iterator[Checked]:
    try:
        text = account.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        yield Checked(
            "GitHub", STOP, f"there is no secret {SECRET}: aws secretsmanager create-secret --name {SECRET} ..."
        )
        return
    try:
        has_token = bool(json.loads(text)[FIELD])
    except (ValueError, KeyError, TypeError):
        has_token = False
    if has_token:
        yield Checked("GitHub", OK, f"the secret {SECRET} has a token")
    else:
        yield Checked("GitHub", STOP, f'the secret {SECRET} must be JSON with the field {FIELD}: {{"{FIELD}": "..."}}')


def check_buckets(account: AwsAccount, _: PlannedDeployment) -> Iterator[Checked]:
    """Whether the names of the pipeline's buckets are free. They are its own if it exists."""
    if stack_status(account, PIPELINE) not in ("", "REVIEW_IN_PROGRESS"):
        yield Checked("buckets", OK, f"{PIPELINE} has them")
        return
    account_id = account.client("sts").get_caller_identity()["Account"]
    ours = {each["Name"] for each in account.client("s3").list_buckets()["Buckets"]}
    taken = [name for name in (f"{prefix}-{account_id}" for prefix in BUCKETS) if name in ours]
    for name in taken:
        yield Checked(
            "buckets", STOP, f"{name} exists: import it, or empty and delete it (docs/how-to/run-the-pipeline.md)"
        )
    if not taken:
        yield Checked("buckets", OK, "both names are free in this account")


def check_bootstrap(account: AwsAccount, _: PlannedDeployment) -> Iterator[Checked]:
    """Whether the account was bootstrapped for the CDK, which the pipeline does without."""
    found = stack_status(account, "CDKToolkit")
    yield Checked("cdk bootstrap", OK, f"not needed; CDKToolkit is {f'in {found}' if found else 'absent'}")


def check_access(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the stack with the stage's roles and key stands."""
    name = f"{PIPELINE}{plan.stage[:1].upper()}{plan.stage[1:]}"
    status = stack_status(account, name)
    if status.endswith("_COMPLETE") and status not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        yield Checked("stage's roles", OK, f"{name} is in {status}")
    elif status:
        yield Checked("stage's roles", STOP, f"{name} is in {status}: delete it and deploy it again")
    else:
        yield Checked("stage's roles", NOTE, f"{name} does not exist: cdk deploy creates it")
