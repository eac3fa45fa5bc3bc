"""Holds the stack to cdk-nag's AwsSolutions rules; a finding that nobody acknowledged stops the synthesis."""

from collections.abc import Mapping

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct


def check(app: cdk.App) -> None:
    """Check every stack of the app when it is synthesised."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks())


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Accept findings of one construct, one by one.

    Args:
        construct: What they are about.
        findings: Finding, such as `AwsSolutions-SMG4` -> why it is right as it is.
    """
    rules = [cdk.Acknowledgment(id=finding, reason=reason) for finding, reason in findings.items()]
    cdk.Validations.of(construct).acknowledge(*rules)
