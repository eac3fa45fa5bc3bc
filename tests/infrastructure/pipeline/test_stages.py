"""Source -> Build -> Staging (deploy, test) -> Production (approve, deploy)."""

import json
from typing import Any

import pytest

from local.environments import ROOT
from local.template import load_template
from pipeline.customers_pipeline.application import Application
from pipeline.walk import buildspec
from tests.e2e import target
from tests.infrastructure.pipeline.reading import of_type, text, the_only

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
        "Build": ["Build"],
        "Staging": ["Deploy", "Test"],
        "Production": ["Approval", "Deploy"],
    }
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


def test_the_source_is_github_with_the_account_s_owner_and_token(stack: Template) -> None:
    source = action(stack, "Source", "GitHub")
    [(parameter, described)] = stack["Parameters"].items()

    assert described == {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "github_username"}
    assert (source["ActionTypeId"]["Owner"], source["ActionTypeId"]["Provider"]) == ("ThirdParty", "GitHub")
    assert source["Configuration"] == {
        "Owner": {"Ref": parameter},
        "Repo": "backend-buy-now-pay-later-test",
        "Branch": "main",
        "OAuthToken": "{{resolve:secretsmanager:github_token:SecretString:github_token::}}",
        "PollForSourceChanges": False,
    }


def test_the_token_is_only_in_the_source_action(stack: Template) -> None:
    assert json.dumps(stack).count("{{resolve:secretsmanager:github_token") == 1


def test_a_push_starts_the_pipeline_with_a_separate_secret(stack: Template) -> None:
    webhook = the_only(stack, "AWS::CodePipeline::Webhook")
    [secret] = of_type(stack, "AWS::SecretsManager::Secret")

    assert webhook["Authentication"] == "GITHUB_HMAC"
    assert text(webhook["AuthenticationConfiguration"]["SecretToken"]) == (
        "{{resolve:secretsmanager:<" + secret + ">:SecretString:::}}"
    )
    assert webhook["Filters"] == [{"JsonPath": "$.ref", "MatchEquals": "refs/heads/{Branch}"}]
    assert webhook["TargetAction"] == "GitHub"
    assert webhook["RegisterWithThirdParty"] is True


def test_a_connection_replaces_token_and_webhook(connected: Template) -> None:
    source = action(connected, "Source", "GitHub")

    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"]["ConnectionArn"].startswith("arn:aws:codeconnections:")
    assert text(source["Configuration"]["FullRepositoryId"]).endswith("/customers")
    assert source["Configuration"]["BranchName"] == "release"
    assert "github_token" not in json.dumps(connected)
    assert not of_type(connected, "AWS::CodePipeline::Webhook")


@pytest.mark.parametrize(("stage", "name"), [("Staging", "staging"), ("Production", "production")])
def test_a_stage_deploys_the_package_with_its_own_role(stack: Template, stage: str, name: str) -> None:
    deploy = action(stack, stage, "Deploy")["Configuration"]

    assert deploy["ActionMode"] == "CREATE_UPDATE"
    assert deploy["StackName"] == f"CustomersApi{stage}"
    assert deploy["TemplatePath"] == "Packages::packaged.yml"
    assert text(deploy["RoleArn"]).startswith(f"<{stage}Deployment")
    assert set(deploy["Capabilities"].split(",")) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert json.loads(text(deploy["ParameterOverrides"]))["Stage"] == name


@pytest.mark.parametrize("stage", ["Staging", "Production"])
def test_a_deployment_passes_only_parameters_of_the_template(stack: Template, stage: str) -> None:
    declared = load_template()["Parameters"]
    overrides = json.loads(text(action(stack, stage, "Deploy")["Configuration"]["ParameterOverrides"]))

    assert set(overrides) <= set(declared)
    assert {"Stage", "PermissionsBoundaryArn"} <= set(overrides)
    assert ("GradualDeployment" in overrides) == ("GradualDeployment" in declared)
    assert overrides["PermissionsBoundaryArn"].startswith(f"<{stage}Boundary")
    for name, value in overrides.items():
        assert value in declared[name].get("AllowedValues", [value])


def test_the_pipeline_reads_the_parameters_that_the_template_declares(application: Application) -> None:
    assert application.parameters == set(load_template()["Parameters"])


def test_the_end_to_end_tests_find_the_stack_by_its_outputs(stack: Template) -> None:
    outputs = load_template()["Outputs"]
    variables = json.loads(action(stack, "Staging", "EndToEnd")["Configuration"]["EnvironmentVariables"])
    named = {each["name"]: each["value"] for each in variables}

    assert action(stack, "Staging", "Deploy")["Namespace"] == "Staging"
    assert set(target._REQUIRED) <= set(named)
    assert {"EVENT_TABLE", "READ_TABLE"} <= set(named)
    assert set(named.values()) <= {f"#{{Staging.{output}}}" for output in outputs}


@pytest.mark.parametrize(
    ("project", "file"), [("CustomersApi-Build", "build"), ("CustomersApi-EndToEnd", "end_to_end")]
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
    assert '--s3-bucket "$PACKAGE_BUCKET" --kms-key-id "$PACKAGE_KEY"' in package
    # CodeBuild also runs post_build after a failed build.
    assert "post_build" not in spec["phases"]


def test_the_buildspecs_use_the_python_version_of_the_functions() -> None:
    runtime = load_template()["Parameters"]["Runtime"]["Default"]

    for file in ("build", "end_to_end"):
        spec = buildspec.parse((ROOT / "pipeline/buildspecs" / f"{file}.yml").read_text())
        assert f"python{spec['phases']['install']['runtime-versions']['python']}" == runtime
