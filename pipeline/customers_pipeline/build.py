"""The two CodeBuild projects: one tests and packages a commit, one calls the API that was deployed from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aws_cdk as cdk
import yaml
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from .buckets import Buckets
from .permissions import (
    GENERATED_IDS,
    GENERATED_NAMES,
    Permission,
    arn,
    read_objects,
    role,
    use_key,
    write_objects,
)
from .settings import PIPELINE_NAME
from .stages import Stage

BUILDSPECS = Path(__file__).resolve().parent.parent / "buildspecs"
IMAGE = codebuild.LinuxBuildImage.STANDARD_7_0
LONGEST_BUILD = cdk.Duration.minutes(30)
LONGEST_QUEUE = cdk.Duration.hours(2)
# What the end-to-end tests call: people and a second client for a test's time, and the machine client's secret.
TEST_ACTIONS = (
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminDeleteUser",
    "cognito-idp:AdminSetUserPassword",
    "cognito-idp:CreateUserPoolClient",
    "cognito-idp:DeleteUserPoolClient",
    "cognito-idp:DescribeUserPoolClient",
)


@dataclass(frozen=True, slots=True)
class BuildWork:
    """What a project does.

    Attributes:
        name: Of the project, after the pipeline's.
        buildspec: File in `pipeline/buildspecs`.
        permissions: What it may do beside reading artifacts and writing its log.
        variables: Of its environment.
    """

    name: str
    buildspec: str
    permissions: Sequence[Permission]
    variables: Mapping[str, str] = field(default_factory=dict)


def build_project(scope: Construct, buckets: Buckets) -> codebuild.PipelineProject:
    """The project that tests a commit, builds it and uploads the packages."""
    permissions = [write_objects("WriteArtifacts", buckets.artifacts), write_objects("WritePackages", buckets.packages)]
    variables = {"PACKAGE_BUCKET": buckets.packages.bucket_name, "PACKAGE_KEY": buckets.key.key_arn}
    return _project(scope, buckets, BuildWork("Build", "build.yml", permissions, variables))


def test_project(scope: Construct, buckets: Buckets, stage: Stage) -> codebuild.PipelineProject:
    """The project that runs the end-to-end tests; of all user pools it may touch the stage's alone."""
    pool = Permission(
        "UseThePoolOfTheStage",
        TEST_ACTIONS,
        (arn("cognito-idp", "userpool/*"),),
        GENERATED_IDS,
        # CloudFormation tags what it creates, and nobody else can set such a tag.
        {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": stage.stack}},
    )
    return _project(scope, buckets, BuildWork("EndToEnd", "end_to_end.yml", [pool]))


def _project(scope: Construct, buckets: Buckets, work: BuildWork) -> codebuild.PipelineProject:
    name = f"{PIPELINE_NAME}-{work.name}"
    log = logs.LogGroup(
        scope,
        f"{work.name}Logs",
        log_group_name=f"/aws/codebuild/{name}",
        retention=logs.RetentionDays.THREE_MONTHS,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    return codebuild.PipelineProject(
        scope,
        work.name,
        project_name=name,
        description=f"Runs pipeline/buildspecs/{work.buildspec}.",
        role=_role(scope, buckets, work, log_group=f"/aws/codebuild/{name}"),
        build_spec=codebuild.BuildSpec.from_object_to_yaml(yaml.safe_load((BUILDSPECS / work.buildspec).read_text())),
        environment=codebuild.BuildEnvironment(build_image=IMAGE, compute_type=codebuild.ComputeType.MEDIUM),
        environment_variables={
            variable: codebuild.BuildEnvironmentVariable(value=value) for variable, value in work.variables.items()
        },
        encryption_key=buckets.key,
        timeout=LONGEST_BUILD,
        queued_timeout=LONGEST_QUEUE,
        grant_report_group_permissions=False,
        logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log)),
    )


def _role(scope: Construct, buckets: Buckets, work: BuildWork, *, log_group: str) -> iam.IRole:
    usual = [
        Permission(
            "WriteLogs",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (arn("logs", f"log-group:{log_group}:*"),),
            GENERATED_NAMES,
        ),
        read_objects("ReadArtifacts", buckets.artifacts),
        use_key(buckets.key),
    ]
    acting = role(scope, f"{work.name}Role", "codebuild", f"Runs {work.buildspec}.", [*usual, *work.permissions])
    return acting.without_policy_updates()
