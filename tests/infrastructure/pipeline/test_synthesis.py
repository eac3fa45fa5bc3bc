"""The app synthesises a valid template and refuses invalid options."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint import api, config

from tests.infrastructure.pipeline.conftest import template_in

MAX_TEMPLATE_BYTES = 51_200  # a larger template must be in a bucket, which would need `cdk bootstrap`
# The CDK writes dependencies that CloudFormation finds by itself.
REDUNDANT_DEPENDENCY = "W3005"


@pytest.mark.parametrize("variant", ["plain", "with_connection"])
def test_cdk_nag_and_cfn_lint_find_nothing(synthesised: Path, variant: str) -> None:
    template = synthesised / variant / "CustomersApiPipeline.template.json"

    assert not (synthesised / variant / "refused.txt").exists()
    found = api.lint(template.read_text(), config=config.ManualArgs(ignore_checks=[REDUNDANT_DEPENDENCY]))
    assert [f"{each.rule.id} {each.message}" for each in found] == []


@pytest.mark.parametrize(
    ("variant", "finding"),
    [
        ("with_all_of_s3", "AwsSolutions-IAM5[Action::s3:*]"),
        ("with_an_unexplained_wildcard", "AwsSolutions-IAM5[Resource::arn:aws:s3:::another-bucket/*]"),
    ],
)
def test_cdk_nag_stops_the_synthesis_on_an_unacknowledged_finding(
    synthesised: Path, variant: str, finding: str
) -> None:
    report = json.loads((synthesised / variant / "validation-report.json").read_text())

    # The CDK writes this as one word or two.
    assert re.search("Validation ?[Ff]ailed", (synthesised / variant / "refused.txt").read_text())
    assert [violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]] == [
        finding
    ]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("with_a_repository_and_its_owner", "use the name of the repository without its owner"),
        ("with_an_invalid_connection", "use the complete ARN of a connection"),
    ],
)
def test_an_invalid_option_is_refused_with_the_fix(synthesised: Path, variant: str, words: str) -> None:
    assert words in (synthesised / variant / "refused.txt").read_text()


def test_every_acknowledgement_has_a_reason(synthesised: Path) -> None:
    metadata = json.loads((synthesised / "plain" / "CustomersApiPipeline.metadata.json").read_text())
    acknowledged = {
        finding.removeprefix("Annotation::"): reason
        for entries in metadata.values()
        for entry in entries
        if "cknowledged" in entry["type"]
        for finding, reason in entry["data"].items()
    }

    assert len(acknowledged) > 10
    assert [finding for finding in acknowledged if not finding.startswith("AwsSolutions")] == []
    assert [finding for finding, reason in acknowledged.items() if len(reason) < 30] == []
    # The boundaries, which grant nothing, are the only exception.
    assert {finding for finding in acknowledged if "Action::" in finding} == {"AwsSolutions-IAM5[Action::*]"}


@pytest.mark.parametrize("variant", ["plain", "with_connection"])
def test_the_template_can_be_deployed_without_cdk_bootstrap(synthesised: Path, variant: str) -> None:
    template: dict[str, Any] = template_in(synthesised / variant)
    size = (synthesised / variant / "CustomersApiPipeline.template.json").stat().st_size

    assert size < MAX_TEMPLATE_BYTES
    assert "BootstrapVersion" not in json.dumps(template)
