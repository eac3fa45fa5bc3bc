"""What the account and the region must have."""

from collections.abc import Iterator
from typing import Any, Final

from operations.account import AwsAccount
from operations.jobs.preflight.findings import NOTE, OK, STOP, Checked, PlannedDeployment

# Names as boto3 has them.
SERVICES: Final = (
    "apigateway", "cloudformation", "cloudwatch", "codedeploy", "cognito-idp", "dynamodb", "events", "iam", "kms",
    "lambda", "logs", "s3", "secretsmanager", "sns", "sqs", "stepfunctions", "sts", "wafv2", "xray",
)  # fmt: skip
OF_THE_PIPELINE: Final = ("codebuild", "codepipeline", "ssm")
GLOBAL: Final = frozenset({"iam"})
# Lambda keeps so many executions unreserved (Lambda developer guide, "Configuring reserved concurrency").
KEPT_UNRESERVED: Final = 100
# Below, a burst of requests is throttled that one shop can send.
COMFORTABLE: Final = 50
# Service quotas of an account and region, and how much a stage takes of each.
REST_APIS, WEB_ACLS, USER_POOLS = 600, 100, 1000


def check_credentials(account: AwsAccount, _: PlannedDeployment) -> Iterator[Checked]:
    """Who calls, and where."""
    who = account.client("sts").get_caller_identity()
    yield Checked("credentials", OK, f"account {who['Account']} in {account.region}, as {who['Arn']}")


def check_services(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the region offers the services."""
    wanted = (*SERVICES, *(OF_THE_PIPELINE if plan.pipeline else ()))
    missing = [each for each in wanted if each not in GLOBAL and not account.offers(each)]
    if missing:
        yield Checked("services", STOP, f"{account.region} lacks {', '.join(missing)}: choose another region")
    else:
        yield Checked("services", OK, f"{account.region} has all {len(wanted)}")


def check_concurrency(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether the functions may run as often at a time as the parameters ask."""
    limit = account.client("lambda").get_account_settings()["AccountLimit"]
    total, unreserved = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    if plan.reserved and unreserved - plan.reserved < KEPT_UNRESERVED:
        yield Checked(
            "concurrency",
            STOP,
            f"{unreserved} of {total} executions are unreserved, and Lambda keeps {KEPT_UNRESERVED}: leave the "
            f"parameters ...Concurrency at 0, or ask for {plan.reserved + KEPT_UNRESERVED} with aws service-quotas "
            "request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value ...",
        )
    elif total < COMFORTABLE:
        yield Checked("concurrency", NOTE, f"{total} executions at a time: a young account, which takes little load")
    else:
        yield Checked("concurrency", OK, f"{total} executions at a time, {plan.reserved} to be reserved")


def check_gateway_account(account: AwsAccount, plan: PlannedDeployment) -> Iterator[Checked]:
    """Whether API Gateway has a role for logs in this account and region."""
    role = account.client("apigateway").get_account().get("cloudwatchRoleArn")
    if plan.sets_gateway_account:
        found = f"it replaces {role}, for every API of the account" if role else "the stack creates the role"
        yield Checked("access logs", NOTE if role else OK, found)
    elif role:
        yield Checked("access logs", OK, f"API Gateway writes logs as {role}")
    else:
        yield Checked(
            "access logs",
            STOP,
            "API Gateway has no role for logs here: deploy with SetsGatewayAccount=true, or set one for the account "
            "(docs/how-to/deploy.md)",
        )


def check_quotas(account: AwsAccount, _: PlannedDeployment) -> Iterator[Checked]:
    """Whether the account's default quotas have room for one more stage."""
    pools = account.client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60)
    apis = account.client("apigateway").get_paginator("get_rest_apis").paginate()
    counts: dict[str, tuple[int, int]] = {
        "REST APIs": (_count(apis, "items"), REST_APIS),
        "user pools": (_count(pools, "UserPools"), USER_POOLS),
        "web ACLs": (len(account.client("wafv2").list_web_acls(Scope="REGIONAL", Limit=100)["WebACLs"]), WEB_ACLS),
    }
    full = [f"{used} of {most} {what}" for what, (used, most) in counts.items() if used >= most]
    used = ", ".join(f"{used} of {most} {what}" for what, (used, most) in counts.items())
    yield Checked("quotas", STOP, f"{', '.join(full)}: ask for more") if full else Checked("quotas", OK, used)


def _count(pages: Any, key: str) -> int:
    return sum(len(page[key]) for page in pages)
