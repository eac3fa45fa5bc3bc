"""The CodeBuild projects: they test and package, seal packages, look whether a stage stands, and test the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aws_cdk as cdk
import yaml
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from .access import INSPECT_ROLE, TESTS_ROLE
from .buckets import INCOMING, SEALED, Buckets
from .permissions import (
    GENERATED_IDS,
    GENERATED_NAMES,
    Permission,
    arn,
    named,
    read_objects,
    role,
    use_key,
    write_objects,
)
from .settings import PIPELINE_NAME
from .stages import Stage
from .testing import permissions_to_test

BUILDSPECS = Path(__file__).resolve().parent.parent / "buildspecs"
IMAGE = codebuild.LinuxBuildImage.STANDARD_7_0
BUILD_TIMEOUT = cdk.Duration.minutes(30)
QUEUE_TIMEOUT = cdk.Duration.hours(2)
SCRIPTS = BUILDSPECS.parent / "scripts"
# Names of artifacts. CodePipeline puts them into the keys of the artifacts' objects.
PACKAGES, RELEASE = "Packages", "Release"


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """The differences between the projects.

    Attributes:
        name: Name of the project, without the pipeline's name.
        buildspec: File in `pipeline/buildspecs`.
        permissions: Permissions in addition to reading artifacts and writing the log.
        variables: Environment variables.
        script: File in `pipeline/scripts` that the buildspec runs, or empty.
        role_name: Fixed name of the role, where another account names it.
        size: Processors and memory.
    """

    name: str
    buildspec: str
    permissions: Sequence[Permission]
    variables: Mapping[str, str] = field(default_factory=dict)
    script: str = ""
    role_name: str | None = None
    size: codebuild.ComputeType = codebuild.ComputeType.MEDIUM


def build_project(scope: Construct, buckets: Buckets) -> codebuild.PipelineProject:
    """Create the project that tests a commit, builds it and uploads the packages.

    It runs code of the commit, before anybody approved it. What waits for approval is out of its reach.
    """
    permissions = [
        write_objects("WriteArtifacts", buckets.artifacts, _artifact(PACKAGES)),
        write_objects("WritePackages", buckets.packages, f"{INCOMING}/*"),
    ]
    variables = {"PACKAGE_BUCKET": buckets.packages.bucket_name, "PACKAGE_KEY": buckets.key.key_arn}
    return _project(scope, buckets, ProjectSettings("Build", "build.yml", permissions, variables))


def seal_project(scope: Construct, buckets: Buckets) -> codebuild.PipelineProject:
    """Create the project that copies the packages and the template to where the build cannot replace them."""
    permissions = [
        read_objects("ReadPackages", buckets.packages, f"{INCOMING}/*"),
        Permission("FindSealed", ("s3:ListBucket",), (buckets.packages.bucket_arn,)),
        write_objects("WriteSealed", buckets.packages, f"{SEALED}/*"),
        write_objects("WriteArtifacts", buckets.artifacts, _artifact(RELEASE)),
    ]
    variables = {"PACKAGE_BUCKET": buckets.packages.bucket_name}
    settings = ProjectSettings(
        "Seal", "seal.yml", permissions, variables, "seal_packages.py", size=codebuild.ComputeType.SMALL
    )
    return _project(scope, buckets, settings)


def inspect_project(scope: Construct, buckets: Buckets, stages: Sequence[Stage]) -> codebuild.PipelineProject:
    """Create the project that looks whether the stack of a stage stands."""
    here = [stage for stage in stages if not stage.place.is_elsewhere]
    permissions = [
        Permission(
            "FindStacks",
            ("cloudformation:DescribeStacks",),
            tuple(arn("cloudformation", f"stack/{stage.stack}/*") for stage in here),
            GENERATED_IDS,
        )
    ] if here else []  # fmt: skip
    permissions += assume(stages, "Action")
    settings = ProjectSettings(
        "Inspect", "inspect.yml", permissions, {}, "inspect_stage.py", INSPECT_ROLE, codebuild.ComputeType.SMALL
    )
    return _project(scope, buckets, settings)


def end_to_end_project(scope: Construct, buckets: Buckets, stage: Stage) -> codebuild.PipelineProject:
    """Create the project that runs the end-to-end tests. It may change only the user pool of the given stage."""
    permissions = assume([stage], "Tests") or permissions_to_test(stage)
    variables = {"ASSUMED_ROLE": role_elsewhere(stage, "Tests")}
    settings = ProjectSettings("EndToEnd", "end_to_end.yml", permissions, variables, role_name=TESTS_ROLE)
    return _project(scope, buckets, settings)


def assume(stages: Sequence[Stage], purpose: str) -> list[Permission]:
    """Return the permission to assume the roles of stages in accounts of their own; empty if no stage has one."""
    roles = tuple(found for stage in stages if (found := role_elsewhere(stage, purpose)))
    return [Permission("ActInAccountOfStage", ("sts:AssumeRole",), roles)] if roles else []


def role_elsewhere(stage: Stage, purpose: str) -> str:
    """Return the ARN of a role in the stage's own account; empty if the stage has none."""
    if not stage.place.is_elsewhere:
        return ""
    return arn("iam", f"role/{stage.owned(purpose)}", region="", account=stage.place.account)


def _artifact(name: str) -> str:
    """Return the keys of an artifact's objects. CodePipeline cuts both names, after 20 and after 10 letters."""
    return f"{PIPELINE_NAME[:20]}/{name[:10]}/*"


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
        environment=codebuild.BuildEnvironment(build_image=IMAGE, compute_type=settings.size),
        environment_variables={
            variable: codebuild.BuildEnvironmentVariable(value=value)
            for variable, value in _variables(settings).items()
        },
        encryption_key=buckets.key,
        timeout=BUILD_TIMEOUT,
        queued_timeout=QUEUE_TIMEOUT,
        grant_report_group_permissions=False,
        logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log)),
    )


def _variables(settings: ProjectSettings) -> Mapping[str, str]:
    script = {"SCRIPT": (SCRIPTS / settings.script).read_text()} if settings.script else {}
    return {**settings.variables, **script}


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
        scope,
        f"{settings.name}Role",
        "codebuild",
        f"Runs {settings.buildspec}.",
        [*common, *settings.permissions],
    )
    if settings.role_name:
        named(created, settings.role_name)
    return created.without_policy_updates()
