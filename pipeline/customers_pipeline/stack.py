"""The pipeline's stack: Source -> Build -> Staging -> Production."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_iam as iam
from constructs import Construct

from .access import DEPLOY_STACKS, PIPELINE_ROLE
from .application import Application
from .boundary import bound_the_pipeline
from .buckets import Buckets
from .build import (
    PACKAGES,
    RELEASE,
    assume,
    build_project,
    end_to_end_project,
    inspect_project,
    role_elsewhere,
    seal_project,
)
from .deployment import TRANSFORM
from .permissions import GENERATED_IDS, Permission, arn, named, read_objects, role, use_key, write_objects
from .settings import PIPELINE_NAME, STACK_NAME, Settings
from .source import connection, source_action, source_permissions, start_on_push
from .stages import Stage

SEALED_TEMPLATE = "sealed.yml"
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
# Names of an output of the action Inspect and of the variable of an execution.
PROTECTION, GRADUAL = "DELETION_PROTECTION", "GradualDeployment"


class CustomersPipeline(cdk.Stack):
    """The pipeline and everything it needs, except for the stages' roles and keys and the owner's name."""

    def __init__(self, scope: Construct, settings: Settings, application: Application) -> None:
        stages = (settings.staging, settings.production)
        super().__init__(
            scope,
            STACK_NAME,
            description="Tests, builds and deploys the Customers API.",
            env=cdk.Environment(account=_home(stages)),
            # No `cdk bootstrap`: the stacks are small enough to be sent without a bucket, and this synthesizer names
            # none of the roles that it would create. BootstraplessSynthesizer does, and AWS refuses a missing role.
            synthesizer=cdk.LegacyStackSynthesizer(),
            termination_protection=True,
        )
        elsewhere = [*(role_elsewhere(stage, "Action") for stage in stages), role_elsewhere(settings.staging, "Tests")]
        bound_the_pipeline(self, may_assume=[each for each in elsewhere if each])
        self._want_keys(stages)
        self._application = application
        self._buckets = self._shared_buckets(stages)
        self._source = codepipeline.Artifact("Source")
        self._packages, self._release = codepipeline.Artifact(PACKAGES), codepipeline.Artifact(RELEASE)
        self._build, self._seal = build_project(self, self._buckets), seal_project(self, self._buckets)
        self._inspect = inspect_project(self, self._buckets, stages)
        self._tests = end_to_end_project(self, self._buckets, settings.staging)
        pipeline = self._pipeline(settings)
        if settings.uses_token:
            start_on_push(self, pipeline)

    def _want_keys(self, stages: Sequence[Stage]) -> None:
        """Let `cdk deploy` refuse this stack, and not those that print the keys, while a key is missing."""
        for stage in stages:
            if stage.place.is_elsewhere and not stage.place.key_arn:
                cdk.Annotations.of(self).add_error(
                    f"{stage.parameter}_key_arn is missing: deploy {stage.access_stack} first, and pass its output "
                    f"DataKeyArn with -c {stage.parameter}_key_arn=..."
                )

    def _shared_buckets(self, stages: Sequence[Stage]) -> Buckets:
        buckets = Buckets(self, "Buckets")
        for stage in stages:
            if stage.place.is_elsewhere:
                buckets.let_read(stage.place.account, [stage.owned("Action"), stage.owned("Deployment")])
        return buckets

    def _pipeline(self, settings: Settings) -> codepipeline.Pipeline:
        staging, production, connection_arn = settings.staging, settings.production, connection(self, settings)
        stages: Mapping[str, Sequence[actions.Action]] = {
            "Source": [source_action(self, settings, connection_arn, self._source)],
            "Build": [self._package(), self._seal_packages()],
            staging.name: [*self._deploy(staging, 1), self._test(staging, 4)],
            production.name: [_approve(staging), *self._deploy(production, 2)],
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
            role=self._pipeline_role([staging, production], connection_arn),
            use_pipeline_role_for_actions=True,
            variables=[
                codepipeline.Variable(
                    variable_name=GRADUAL,
                    default_value="true",
                    description="false deploys at once, also while an alarm is on.",
                )
            ],
            stages=[codepipeline.StageProps(stage_name=name, actions=own) for name, own in stages.items()],
        )

    def _package(self) -> actions.CodeBuildAction:
        return actions.CodeBuildAction(
            action_name="TestAndPackage",
            project=self._build,
            input=self._source,
            outputs=[self._packages],
        )

    def _seal_packages(self) -> actions.CodeBuildAction:
        return actions.CodeBuildAction(
            action_name="Seal", project=self._seal, input=self._packages, outputs=[self._release], run_order=2
        )

    def _deploy(self, stage: Stage, run_order: int) -> list[actions.Action]:
        """Return the actions that deploy a stage: look whether it stands, deploy it, and protect it if it is new."""
        look = f"{stage.name}Before"
        inspect = actions.CodeBuildAction(
            action_name="Inspect",
            project=self._inspect,
            input=self._release,
            environment_variables=_environment({"STACK": stage.stack, "ASSUMED_ROLE": role_elsewhere(stage, "Action")}),
            variables_namespace=look,
            run_order=run_order,
        )
        return [
            inspect,
            self._deployment("Deploy", stage, f"#{{{look}.{PROTECTION}}}", run_order + 1),
            # Changes nothing but in the run that created the stack.
            self._deployment("Protect", stage, "true", run_order + 2),
        ]

    def _deployment(
        self, name: str, stage: Stage, protection: str, run_order: int
    ) -> actions.CloudFormationCreateUpdateStackAction:
        roles = f"{stage.name}{name}"
        acting = role_elsewhere(stage, "Action")
        return actions.CloudFormationCreateUpdateStackAction(
            action_name=name,
            stack_name=stage.stack,
            template_path=self._release.at_path(SEALED_TEMPLATE),
            parameter_overrides=stage.overrides(self._application, self._given(stage, protection)),
            admin_permissions=False,
            deployment_role=iam.Role.from_role_arn(self, f"{roles}Role", _deployer(stage), mutable=False),
            role=iam.Role.from_role_arn(self, f"{roles}Action", acting, mutable=False) if acting else None,
            cfn_capabilities=[cdk.CfnCapabilities.ANONYMOUS_IAM, cdk.CfnCapabilities.AUTO_EXPAND],
            variables_namespace=f"{stage.name}{name}",
            run_order=run_order,
        )

    def _given(self, stage: Stage, protection: str) -> Mapping[str, str]:
        account = stage.place.account or "${AWS::AccountId}"
        given = {
            "PermissionsBoundaryArn": arn("iam", f"policy/{stage.owned('Boundary')}", region="", account=account),
            "DataKeyArn": stage.place.key_arn if stage.place.is_elsewhere else cdk.Fn.import_value(stage.key_export),
            "DeletionProtection": protection,
        }
        if stage.sets_gateway_account:
            given["GatewayLogsBoundaryArn"] = arn(
                "iam", f"policy/{stage.owned('GatewayLogsBoundary')}", region="", account=account
            )
        return given

    def _test(self, stage: Stage, run_order: int) -> actions.CodeBuildAction:
        return actions.CodeBuildAction(
            action_name="EndToEnd",
            type=actions.CodeBuildActionType.TEST,
            project=self._tests,
            input=self._source,
            environment_variables=_environment(
                {name: f"#{{{stage.name}Deploy.{output}}}" for name, output in TEST_VARIABLES.items()}
            ),
            run_order=run_order,
        )

    def _pipeline_role(self, stages: Sequence[Stage], connection_arn: str) -> iam.IRole:
        here = [stage for stage in stages if not stage.place.is_elsewhere]
        buckets, projects = self._buckets, (self._build, self._seal, self._inspect, self._tests)
        permissions = [
            read_objects("ReadArtifacts", buckets.artifacts),
            write_objects("WriteArtifacts", buckets.artifacts),
            Permission("FindArtifacts", FIND_ARTIFACTS, (buckets.artifacts.bucket_arn,)),
            use_key(buckets.key),
            Permission("RunBuilds", RUN_BUILDS, tuple(project.project_arn for project in projects)),
            *(_deploy_here(here) if here else []),
            *assume(stages, "Action"),
            *source_permissions(connection_arn),
        ]  # fmt: skip
        created = role(self, "PipelineRole", "codepipeline", "Runs the pipeline.", permissions)
        return named(created, PIPELINE_ROLE).without_policy_updates()


def _home(stages: Sequence[Stage]) -> str | None:
    """Return the pipeline's account, which is only known if a stage has another one."""
    return next((each.place.pipeline_account for each in stages if each.place.is_elsewhere), None)


def _deploy_here(stages: Sequence[Stage]) -> list[Permission]:
    only_cloudformation = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    stacks = tuple(arn("cloudformation", f"stack/{stage.stack}/*") for stage in stages)
    roles = tuple(_deployer(stage) for stage in stages)
    return [
        Permission("DeployStacks", DEPLOY_STACKS, stacks, GENERATED_IDS),
        TRANSFORM,
        Permission("LetCloudFormationDeploy", ("iam:PassRole",), roles, conditions=only_cloudformation),
    ]


def _deployer(stage: Stage) -> str:
    account = stage.place.account or "${AWS::AccountId}"
    return arn("iam", f"role/{stage.owned('Deployment')}", region="", account=account)


def _environment(values: Mapping[str, str]) -> Mapping[str, codebuild.BuildEnvironmentVariable]:
    return {name: codebuild.BuildEnvironmentVariable(value=value) for name, value in values.items()}


def _approve(tested: Stage) -> actions.ManualApprovalAction:
    return actions.ManualApprovalAction(
        action_name="Approve",
        additional_information=f"{tested.stack} runs this commit and passed the end-to-end tests.",
        run_order=1,
    )
