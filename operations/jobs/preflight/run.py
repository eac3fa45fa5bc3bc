"""All checks, in the order in which a deployment would meet them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from operations.account import AwsAccount
from operations.jobs.preflight import account_checks, names_taken, pipeline_checks, tool_checks
from operations.jobs.preflight.findings import Checked, PlannedDeployment, asked

Check = Callable[[AwsAccount, PlannedDeployment], Iterator[Checked]]

OF_THE_ACCOUNT: Final[dict[str, Check]] = {
    "credentials": account_checks.check_credentials,
    "services": account_checks.check_services,
    "stack": names_taken.check_stack,
    "names": names_taken.check_names,
    "sign-in domain": names_taken.check_domain,
    "concurrency": account_checks.check_concurrency,
    "quotas": account_checks.check_quotas,
    "access logs": account_checks.check_gateway_account,
}
OF_THE_PIPELINE: Final[dict[str, Check]] = {
    "repository": pipeline_checks.check_owner,
    "GitHub": pipeline_checks.check_source,
    "buckets": pipeline_checks.check_buckets,
    "stage's roles": pipeline_checks.check_access,
    "cdk bootstrap": pipeline_checks.check_bootstrap,
}


def preflight(
    account: AwsAccount, plan: PlannedDeployment, look: tool_checks.Run = tool_checks.run
) -> Iterator[Checked]:
    """Yield a finding for each check, as it is made.

    Args:
        account: The account to deploy to.
        plan: What will be deployed, and how.
        look: Returns the first line that a program prints.
    """
    yield from tool_checks.check_tools(plan, look)
    checks = OF_THE_ACCOUNT | (OF_THE_PIPELINE if plan.pipeline else {})
    for name, check in checks.items():
        yield from asked(name, partial(check, account, plan))
