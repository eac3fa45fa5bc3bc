"""Checks the stack with cdk-nag's AwsSolutions rules. A finding that is not acknowledged stops the synthesis."""

from collections.abc import Mapping

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def check(app: cdk.App) -> None:
    """Check every stack of the app when it is synthesised."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks())


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Accept findings of one construct, each with a reason.

    Args:
        construct: The construct with the findings.
        findings: Finding, such as `AwsSolutions-SMG4` -> reason.
    """
    rules = [cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in findings.items()]
    cdk.Validations.of(construct).acknowledge(*rules)
