"""The app synthesises a valid template and refuses invalid options."""

import json
import re
from pathlib import Path

import pytest
from cfnlint import api, config

# The CDK writes dependencies that CloudFormation finds by itself.
REDUNDANT_DEPENDENCY = "W3005"
VARIANTS = ("plain", "with_token", "with_connection", "with_accounts", "with_parameters")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("stage", ["", "Staging", "Production"])
def test_cdk_nag_and_cfn_lint_find_nothing(synthesised: Path, variant: str, stage: str) -> None:
    template = synthesised / variant / f"CustomersApiPipeline{stage}.template.json"

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
        ("with_an_unknown_source", "use one of connection, token"),
        ("with_an_account_that_is_no_number", "use the twelve digits of an account's id"),
        ("with_an_account_but_not_the_pipeline_s", "set pipeline_account as well"),
        ("with_a_key_of_another_account", "use the output DataKeyArn of the stack CustomersApiPipelineStaging"),
        ("with_an_unknown_parameter", "'Mfaa': use Name=value with a parameter of template.yml"),
        ("with_a_parameter_of_the_pipeline_s", "which the pipeline sets itself"),
        ("with_a_value_that_is_not_allowed", "use one of OFF, OPTIONAL, ON"),
    ],
)
def test_an_invalid_option_is_refused_with_the_fix(synthesised: Path, variant: str, words: str) -> None:
    assert words in (synthesised / variant / "refused.txt").read_text()


def test_every_acknowledgement_has_a_reason(synthesised: Path) -> None:
    files = (synthesised / "plain").glob("*.metadata.json")
    metadata = {key: entries for file in files for key, entries in json.loads(file.read_text()).items()}
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


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_stacks_need_nothing_that_cdk_bootstrap_would_create(synthesised: Path, variant: str) -> None:
    """CloudFormation refuses a role that does not exist. test_cdk_deploy.py has the size of the templates."""
    manifest = json.loads((synthesised / variant / "manifest.json").read_text())
    stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]

    assert len(stacks) == 3
    for each in stacks:
        assert not {"assumeRoleArn", "cloudFormationExecutionRoleArn", "stackTemplateAssetObjectUrl"} & set(
            each["properties"]
        )
        assert "BootstrapVersion" not in (synthesised / variant / each["properties"]["templateFile"]).read_text()
