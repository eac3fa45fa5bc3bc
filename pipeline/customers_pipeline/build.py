"""The two CodeBuild projects: one tests and packages a commit, the other tests the deployed API."""

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
BUILD_TIMEOUT = cdk.Duration.minutes(30)
QUEUE_TIMEOUT = cdk.Duration.hours(2)
# The end-to-end tests create temporary users and a second client, confirm a user who signed up, and read the machine
# clients' secrets.
END_TO_END_ACTIONS = (
    "cognito-idp:AdminAddUserToGroup",
    "cognito-idp:AdminConfirmSignUp",
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminDeleteUser",
    "cognito-idp:AdminSetUserPassword",
    "cognito-idp:CreateUserPoolClient",
    "cognito-idp:DeleteUserPoolClient",
    "cognito-idp:DescribeUserPoolClient",
)


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The differences between the projects.

    Attributes:
        name: Name of the project, without the pipeline's name.
        buildspec: File in `pipeline/buildspecs`.
        permissions: Permissions in addition to reading artifacts and writing the log.
        variables: Environment variables.
    """

    name: str
    buildspec: str
    permissions: Sequence[Permission]
    variables: Mapping[str, str] = field(default_factory=dict)


def build_project(scope: Construct, buckets: Buckets) -> codebuild.PipelineProject:
    """Create the project that tests a commit, builds it and uploads the packages."""
    permissions = [write_objects("WriteArtifacts", buckets.artifacts), write_objects("WritePackages", buckets.packages)]
    variables = {"PACKAGE_BUCKET": buckets.packages.bucket_name, "PACKAGE_KEY": buckets.key.key_arn}
    return _project(scope, buckets, ProjectSettings("Build", "build.yml", permissions, variables))


def end_to_end_project(scope: Construct, buckets: Buckets, stage: Stage) -> codebuild.PipelineProject:
    """Create the project that runs the end-to-end tests. It may change only the user pool of the given stage."""
    pool = Permission(
        "UseUserPoolOfStage",
        END_TO_END_ACTIONS,
        (arn("cognito-idp", "userpool/*"),),
        GENERATED_IDS,
        # CloudFormation sets this tag on what it creates. Nobody else can set a tag that begins with `aws:`.
        {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": stage.stack}},
    )
    return _project(scope, buckets, ProjectSettings("EndToEnd", "end_to_end.yml", [pool]))


def _project(scope: Construct, buckets: Buckets, settings: ProjectSettings) -> codebuild.PipelineProject:
    name = f"{PIPELINE_NAME}-{settings.name}"
    log = logs.LogGroup(
        scope,
        f"{settings.name}Logs",
        log_group_name=f"/aws/codebuild/{name}",
        retention=logs.RetentionDays.THREE_MONTHS,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    return codebuild.PipelineProject(
        scope,
        settings.name,
        project_name=name,
        description=f"Runs pipeline/buildspecs/{settings.buildspec}.",
        role=_role(scope, buckets, settings, log_group=f"/aws/codebuild/{name}"),
        build_spec=codebuild.BuildSpec.from_object_to_yaml(
            yaml.safe_load((BUILDSPECS / settings.buildspec).read_text())
        ),
        environment=codebuild.BuildEnvironment(build_image=IMAGE, compute_type=codebuild.ComputeType.MEDIUM),
        environment_variables={
            variable: codebuild.BuildEnvironmentVariable(value=value) for variable, value in settings.variables.items()
        },
        encryption_key=buckets.key,
        timeout=BUILD_TIMEOUT,
        queued_timeout=QUEUE_TIMEOUT,
        grant_report_group_permissions=False,
        logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log)),
    )


def _role(scope: Construct, buckets: Buckets, settings: ProjectSettings, *, log_group: str) -> iam.IRole:
    common = [
        Permission(
            "WriteLogs",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (arn("logs", f"log-group:{log_group}:*"),),
            GENERATED_NAMES,
        ),
        read_objects("ReadArtifacts", buckets.artifacts),
        use_key(buckets.key),
    ]
    created = role(
        scope, f"{settings.name}Role", "codebuild", f"Runs {settings.buildspec}.", [*common, *settings.permissions]
    )
    return created.without_policy_updates()
