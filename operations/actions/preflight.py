"""`preflight`: what would stop a deployment."""

import argparse
from typing import Final

from operations.account import AwsAccount
from operations.jobs.preflight.findings import PlannedDeployment
from operations.jobs.preflight.run import preflight as check
from operations.jobs.stage_names import stack_of
from operations.output import Output

FINDINGS: Final = {"check": 14, "result": 6, "detail": 60}


def preflight(account: AwsAccount, arguments: argparse.Namespace, output: Output) -> int:
    """Print a line for each check; return 1 if something would stop the deployment or could not be asked."""
    plan = PlannedDeployment(
        stage=arguments.stage,
        stack=arguments.stack_name or stack_of(arguments.stage),
        reserved=arguments.reserved,
        sets_gateway_account=arguments.sets_gateway_account,
        pipeline=arguments.pipeline,
        source=arguments.source,
    )
    bad = 0
    for finding in check(account, plan):
        output.print_row(FINDINGS, {"check": finding.check, "result": finding.result, "detail": finding.detail})
        bad += not finding.is_good
    output.print_sentence(
        f"\n{bad} check(s) would stop the deployment or could not be made." if bad else "\nNothing would stop it."
    )
    return 1 if bad else 0
