"""The pipeline's stack: Source -> Build -> Staging -> Production."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_iam as iam
from constructs import Construct

from .application import Application
from .boundary import bound_the_application, bound_the_pipeline
from .buckets import Buckets
from .build import build_project, end_to_end_project
from .deployment import TRANSFORM, deployment_role
from .permissions import GENERATED_IDS, Permission, arn, read_objects, role, use_key, write_objects
from .settings import PIPELINE_NAME, Settings
from .source import source_action, source_permissions, start_on_push
from .stages import PRODUCTION, STAGING, Stage

PACKAGED = "packaged.yml"
# Environment variable of the end-to-end tests -> output of the stack under test.
TEST_VARIABLES: Mapping[str, str] = {
    "API_ENDPOINT": "ApiEndpoint",
    "TOKEN_ENDPOINT": "TokenEndpoint",
    "AUTHORIZE_ENDPOINT": "AuthorizeEndpoint",
    "JWKS_URI": "JwksUri",
    "ISSUER": "Issuer",
    "REGION": "Region",
    "USER_POOL_ID": "UserPoolId",
    "USER_POOL_CLIENT_ID": "UserPoolClientId",
    "MACHINE_CLIENT_ID": "MachineClientId",
    "READING_MACHINE_CLIENT_ID": "ReadingMachineClientId",
    "EVENT_TABLE": "EventTable",
    "READ_TABLE": "ReadTable",
}
FIND_ARTIFACTS = ("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket")
RUN_BUILDS = ("codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild")
DEPLOY_STACKS = (
    "cloudformation:CreateStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:GetStackPolicy",
    "cloudformation:GetTemplate",
    "cloudformation:GetTemplateSummary",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateStack",
    "cloudformation:ValidateTemplate",
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """How a stage is deployed.

    Attributes:
        role: The role that CloudFormation assumes.
        action: The pipeline's deployment action.
    """

    stage: Stage
    role: iam.Role
    action: actions.Action


class CustomersPipeline(cdk.Stack):
    """The pipeline and everything it needs, except for the owner's name and the token."""

    def __init__(self, scope: Construct, name: str, settings: Settings, application: Application) -> None:
        super().__init__(
            scope,
            name,
            description="Tests, builds and deploys the Customers API.",
            # These two make `cdk bootstrap` unnecessary: the template is small enough to be sent without a bucket.
            synthesizer=cdk.BootstraplessSynthesizer(),
            suppress_template_indentation=True,
            termination_protection=True,
        )
        bound_the_pipeline(self)
        self._application = application
        self._buckets = Buckets(self, "Buckets")
        self._source, self._packages = codepipeline.Artifact("Source"), codepipeline.Artifact("Packages")
        self._build = build_project(self, self._buckets)
        self._tests = end_to_end_project(self, self._buckets, STAGING)
        pipeline = self._pipeline(settings, self._deploy(STAGING), self._deploy(PRODUCTION, run_order=2))
        if not settings.connection_arn:
            start_on_push(self, pipeline)

    def _pipeline(self, settings: Settings, staging: Deployment, production: Deployment) -> codepipeline.Pipeline:
        stages: Mapping[str, Sequence[actions.Action]] = {
            "Source": [source_action(self, settings, self._source)],
            "Build": [self._package()],
            STAGING.name: [staging.action, self._test()],
            PRODUCTION.name: [_approve(), production.action],
        }
        return codepipeline.Pipeline(
            self,
            "Pipeline",
            pipeline_name=PIPELINE_NAME,
            pipeline_type=codepipeline.PipelineType.V2,
            # A newer commit replaces one that waits for its approval.
            execution_mode=codepipeline.ExecutionMode.SUPERSEDED,
            artifact_bucket=self._buckets.artifacts,
            cross_account_keys=False,
            role=self._pipeline_role(settings, staging, production),
            use_pipeline_role_for_actions=True,
            stages=[codepipeline.StageProps(stage_name=name, actions=own) for name, own in stages.items()],
        )

    def _package(self) -> actions.CodeBuildAction:
        return actions.CodeBuildAction(
            action_name="TestAndPackage",
            project=self._build,
            input=self._source,
            outputs=[self._packages],
        )

    def _deploy(self, stage: Stage, *, run_order: int = 1) -> Deployment:
        boundary = bound_the_application(self, stage)
        deployer = deployment_role(self, stage, self._application, self._buckets, boundary)
        action = actions.CloudFormationCreateUpdateStackAction(
            action_name="Deploy",
            stack_name=stage.stack,
            template_path=self._packages.at_path(PACKAGED),
            parameter_overrides=stage.overrides(self._application, boundary=boundary.managed_policy_arn),
            admin_permissions=False,
            deployment_role=deployer.without_policy_updates(),
            cfn_capabilities=[cdk.CfnCapabilities.ANONYMOUS_IAM, cdk.CfnCapabilities.AUTO_EXPAND],
            variables_namespace=stage.name,
            run_order=run_order,
        )
        return Deployment(stage, deployer, action)

    def _test(self) -> actions.CodeBuildAction:
        variables = {name: f"#{{{STAGING.name}.{output}}}" for name, output in TEST_VARIABLES.items()}
        return actions.CodeBuildAction(
            action_name="EndToEnd",
            type=actions.CodeBuildActionType.TEST,
            project=self._tests,
            input=self._source,
            environment_variables={
                name: codebuild.BuildEnvironmentVariable(value=value) for name, value in variables.items()
            },
            run_order=2,
        )

    def _pipeline_role(self, settings: Settings, *deployments: Deployment) -> iam.IRole:
        stacks = [arn("cloudformation", f"stack/{deployment.stage.stack}/*") for deployment in deployments]
        roles = [deployment.role.role_arn for deployment in deployments]
        only_cloudformation = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
        buckets = self._buckets
        permissions = [
            read_objects("ReadArtifacts", buckets.artifacts),
            write_objects("WriteArtifacts", buckets.artifacts),
            Permission("FindArtifacts", FIND_ARTIFACTS, (buckets.artifacts.bucket_arn,)),
            use_key(buckets.key),
            Permission("RunBuilds", RUN_BUILDS, (self._build.project_arn, self._tests.project_arn)),
            Permission("DeployStacks", DEPLOY_STACKS, stacks, GENERATED_IDS),
            TRANSFORM,
            Permission("LetCloudFormationDeploy", ("iam:PassRole",), roles, conditions=only_cloudformation),
            *source_permissions(settings),
        ]  # fmt: skip
        return role(self, "PipelineRole", "codepipeline", "Runs the pipeline.", permissions).without_policy_updates()


def _approve() -> actions.ManualApprovalAction:
    return actions.ManualApprovalAction(
        action_name="Approve",
        additional_information=f"{STAGING.stack} runs this commit and passed the end-to-end tests.",
        run_order=1,
    )
