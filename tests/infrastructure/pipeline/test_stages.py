"""Source -> Build -> Staging (deploy, test) -> Production (approve, deploy)."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.environments import ROOT
from local.template import load_template
from pipeline.customers_pipeline.application import Application
from pipeline.walk import buildspec
from tests.e2e import target
from tests.infrastructure.pipeline.conftest import template_in
from tests.infrastructure.pipeline.reading import in_account, of_type, text, the_only

Template = dict[str, Any]
PIPELINE = "AWS::CodePipeline::Pipeline"


def stages(stack: Template) -> dict[str, list[dict[str, Any]]]:
    found = the_only(stack, PIPELINE)["Stages"]
    return {stage["Name"]: sorted(stage["Actions"], key=lambda action: action["RunOrder"]) for stage in found}


def action(stack: Template, stage: str, name: str) -> dict[str, Any]:
    [found] = [each for each in stages(stack)[stage] if each["Name"] == name]
    return found


def test_the_stages_are_the_specified_ones_in_order(stack: Template) -> None:
    assert {stage: [each["ActionTypeId"]["Category"] for each in found] for stage, found in stages(stack).items()} == {
        "Source": ["Source"],
        "Build": ["Build", "Build"],
        "Staging": ["Build", "Deploy", "Deploy", "Test"],
        "Production": ["Approval", "Build", "Deploy", "Deploy"],
    }
    assert [each["Name"] for each in stages(stack)["Production"]] == ["Approve", "Inspect", "Deploy", "Protect"]
    assert list(stages(stack)) == ["Source", "Build", "Staging", "Production"]
    for found in stages(stack).values():
        assert [each["RunOrder"] for each in found] == list(range(1, len(found) + 1))


def test_a_newer_commit_supersedes_a_waiting_one(stack: Template) -> None:
    pipeline = the_only(stack, PIPELINE)

    assert (pipeline["Name"], pipeline["PipelineType"], pipeline["ExecutionMode"]) == (
        "CustomersApi",
        "V2",
        "SUPERSEDED",
    )


def test_the_source_is_github_through_a_connection_that_the_stack_creates(stack: Template) -> None:
    source = action(stack, "Source", "GitHub")
    [(parameter, described)] = stack["Parameters"].items()
    [(connection, created)] = of_type(stack, "AWS::CodeConnections::Connection").items()

    assert described == {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "github_username"}
    assert created == {"ConnectionName": "customers-api-github", "ProviderType": "GitHub"}
    assert (source["ActionTypeId"]["Owner"], source["ActionTypeId"]["Provider"]) == ("AWS", "CodeStarSourceConnection")
    assert source["Configuration"]["ConnectionArn"] == {"Ref": connection}
    assert text(source["Configuration"]["FullRepositoryId"]) == f"<{parameter}>/backend-buy-now-pay-later-test"
    assert source["Configuration"]["BranchName"] == "main"
    assert "github_token" not in json.dumps(stack)
    assert not of_type(stack, "AWS::CodePipeline::Webhook")


def test_the_specified_token_stays_an_option(tokened: Template) -> None:
    source = action(tokened, "Source", "GitHub")
    [(parameter, _)] = tokened["Parameters"].items()

    assert (source["ActionTypeId"]["Owner"], source["ActionTypeId"]["Provider"]) == ("ThirdParty", "GitHub")
    assert source["Configuration"] == {
        "Owner": {"Ref": parameter},
        "Repo": "backend-buy-now-pay-later-test",
        "Branch": "main",
        "OAuthToken": "{{resolve:secretsmanager:github_token:SecretString:github_token::}}",
        "PollForSourceChanges": False,
    }
    assert not of_type(tokened, "AWS::CodeConnections::Connection")


def test_the_token_is_only_in_the_source_action(tokened: Template) -> None:
    assert json.dumps(tokened).count("{{resolve:secretsmanager:github_token") == 1


def test_a_push_starts_the_pipeline_with_a_separate_secret(tokened: Template) -> None:
    webhook = the_only(tokened, "AWS::CodePipeline::Webhook")
    [secret] = of_type(tokened, "AWS::SecretsManager::Secret")

    assert webhook["Authentication"] == "GITHUB_HMAC"
    assert text(webhook["AuthenticationConfiguration"]["SecretToken"]) == (
        "{{resolve:secretsmanager:<" + secret + ">:SecretString:::}}"
    )
    assert webhook["Filters"] == [{"JsonPath": "$.ref", "MatchEquals": "refs/heads/{Branch}"}]
    assert webhook["TargetAction"] == "GitHub"
    assert webhook["RegisterWithThirdParty"] is True


def test_an_existing_connection_is_used(connected: Template) -> None:
    source = action(connected, "Source", "GitHub")

    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"]["ConnectionArn"].startswith("arn:aws:codeconnections:")
    assert text(source["Configuration"]["FullRepositoryId"]).endswith("/customers")
    assert source["Configuration"]["BranchName"] == "release"
    assert not of_type(connected, "AWS::CodeConnections::Connection")


@pytest.mark.parametrize(("stage", "name"), [("Staging", "staging"), ("Production", "production")])
def test_a_stage_deploys_the_package_with_its_own_role(stack: Template, stage: str, name: str) -> None:
    deploy = action(stack, stage, "Deploy")["Configuration"]

    assert deploy["ActionMode"] == "CREATE_UPDATE"
    assert deploy["StackName"] == f"CustomersApi{stage}"
    assert deploy["TemplatePath"] == "Release::sealed.yml"
    assert in_account(deploy["RoleArn"]).endswith(f":role/CustomersApiPipeline-{stage}Deployment")
    assert set(deploy["Capabilities"].split(",")) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert json.loads(text(deploy["ParameterOverrides"]))["Stage"] == name


def overrides(stack: Template, stage: str, name: str = "Deploy") -> dict[str, str]:
    found: dict[str, str] = json.loads(text(action(stack, stage, name)["Configuration"]["ParameterOverrides"]))
    return found


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_deployment_passes_only_parameters_of_the_template(stack: Template, stage: str) -> None:
    declared = load_template()["Parameters"]
    passed = overrides(stack, stage)

    assert set(passed) == {"Stage", "GradualDeployment", "PermissionsBoundaryArn", "DataKeyArn", "DeletionProtection"}
    assert set(passed) <= set(declared)
    assert passed["PermissionsBoundaryArn"].endswith(f":policy/CustomersApiPipeline-{stage}Boundary")
    for name, value in passed.items():
        assert value.startswith("#{") or value in declared[name].get("AllowedValues", [value])


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_stage_is_protected_once_it_stands_and_never_unprotected_again(stack: Template, stage: str) -> None:
    inspect, deploy, protect = (action(stack, stage, name) for name in ("Inspect", "Deploy", "Protect"))
    variables = json.loads(text(inspect["Configuration"]["EnvironmentVariables"]))

    assert inspect["RunOrder"] < deploy["RunOrder"] < protect["RunOrder"]
    assert {"name": "STACK", "type": "PLAINTEXT", "value": f"CustomersApi{stage}"} in variables
    assert overrides(stack, stage)["DeletionProtection"] == f"#{{{inspect['Namespace']}.DELETION_PROTECTION}}"
    assert overrides(stack, stage, "Protect") == overrides(stack, stage) | {"DeletionProtection": "true"}


def test_an_execution_can_deploy_at_once_while_an_alarm_is_on(stack: Template) -> None:
    """The remedy of docs/runbooks/server-errors.md: start-pipeline-execution --variables name=GradualDeployment,..."""
    [variable] = the_only(stack, PIPELINE)["Variables"]

    assert (variable["Name"], variable["DefaultValue"]) == ("GradualDeployment", "true")
    for stage in ("Staging", "Production"):
        assert overrides(stack, stage)["GradualDeployment"] == "#{variables.GradualDeployment}"


def test_a_stage_s_parameters_are_options_of_the_pipeline(synthesised: Path) -> None:
    stack = template_in(synthesised / "with_parameters")
    chosen = {"Mfa": "ON", "SelfSignUp": "false", "SetsGatewayAccount": "true",
              "AllowedOrigins": "https://a.example.com,https://b.example.com"}  # fmt: skip

    for name in ("Deploy", "Protect"):
        assert chosen.items() <= overrides(stack, "Production", name).items()
        assert not set(chosen) & set(overrides(stack, "Staging", name))
    boundary = overrides(stack, "Production")["GatewayLogsBoundaryArn"]
    assert boundary.endswith(":policy/CustomersApiPipeline-ProductionGatewayLogsBoundary")


def test_the_pipeline_reads_the_parameters_that_the_template_declares(application: Application) -> None:
    assert set(application.parameters) == set(load_template()["Parameters"])


def test_the_end_to_end_tests_find_the_stack_by_its_outputs(stack: Template) -> None:
    outputs = load_template()["Outputs"]
    variables = json.loads(action(stack, "Staging", "EndToEnd")["Configuration"]["EnvironmentVariables"])
    named = {each["name"]: each["value"] for each in variables}

    assert action(stack, "Staging", "Deploy")["Namespace"] == "StagingDeploy"
    assert set(target._REQUIRED) <= set(named)
    assert {"EVENT_TABLE", "READ_TABLE"} <= set(named)
    assert set(named.values()) <= {f"#{{StagingDeploy.{output}}}" for output in outputs}


@pytest.mark.parametrize(
    ("project", "file"),
    [
        ("CustomersApi-Build", "build"),
        ("CustomersApi-Seal", "seal"),
        ("CustomersApi-Inspect", "inspect"),
        ("CustomersApi-EndToEnd", "end_to_end"),
    ],
)
def test_a_project_runs_its_buildspec(stack: Template, project: str, file: str) -> None:
    [found] = [each for each in of_type(stack, "AWS::CodeBuild::Project").values() if each["Name"] == project]
    written = buildspec.parse((ROOT / "pipeline/buildspecs" / f"{file}.yml").read_text())

    assert buildspec.parse(found["Source"]["BuildSpec"]) == written
    assert text(found["EncryptionKey"]).startswith("<BucketsKey")
    assert found["Environment"]["PrivilegedMode"] is False


def test_the_build_checks_and_tests_before_it_packages_and_uploads_nothing_after_a_failure() -> None:
    spec = buildspec.parse((ROOT / "pipeline/buildspecs/build.yml").read_text())
    check, unit, tests = spec["phases"]["pre_build"]["commands"]
    build, package = spec["phases"]["build"]["commands"]

    assert (check, unit) == ("make check", "make unit")
    assert {"tests/contract", "tests/infrastructure"} <= set(tests.split())
    assert build == "make build"
    assert " package " in package
    assert '--s3-bucket "$PACKAGE_BUCKET" --s3-prefix incoming --kms-key-id "$PACKAGE_KEY"' in package
    # CodeBuild also runs post_build after a failed build.
    assert "post_build" not in spec["phases"]


def test_the_buildspecs_use_the_python_version_of_the_functions() -> None:
    runtime = load_template()["Parameters"]["Runtime"]["Default"]

    for file in ("build", "end_to_end"):
        spec = buildspec.parse((ROOT / "pipeline/buildspecs" / f"{file}.yml").read_text())
        assert f"python{spec['phases']['install']['runtime-versions']['python']}" == runtime
