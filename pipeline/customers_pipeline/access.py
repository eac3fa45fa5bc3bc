"""The stack with what the pipeline needs in a stage's account: roles, their boundaries, and the key of its data.

A stack of its own for each stage, so that a stage can have an account of its own.
"""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .application import Application
from .boundary import bound_the_application, bound_the_gateway_logs, bound_the_pipeline
from .buckets import ARTIFACTS, PACKAGES, SEALED
from .deployment import TRANSFORM, Means, deployment_role
from .permissions import GENERATED_IDS, GENERATED_NAMES, Permission, arn, named, role
from .stages import PREFIX, STAGING, Stage
from .testing import permissions_to_test

# Roles of the pipeline's stack that act in a stage's account.
PIPELINE_ROLE = f"{PREFIX}-Pipeline"
INSPECT_ROLE = f"{PREFIX}-Inspect"
TESTS_ROLE = f"{PREFIX}-EndToEnd"
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


class StageAccess(cdk.Stack):
    """The roles, boundaries and key of one stage."""

    def __init__(self, scope: Construct, stage: Stage, application: Application) -> None:
        super().__init__(
            scope,
            stage.access_stack,
            description=f"Lets the pipeline CustomersApi deploy {stage.stack}, and encrypts its data.",
            env=cdk.Environment(account=stage.place.account or None),
            synthesizer=cdk.LegacyStackSynthesizer(),
            termination_protection=True,
        )
        bound_the_pipeline(self)
        self._stage = stage
        key = _data_key(self, stage, application)
        boundary = bound_the_application(self, stage, key.attr_arn)
        gateway = bound_the_gateway_logs(self, stage)
        boundaries = [boundary.managed_policy_arn, gateway.managed_policy_arn]
        deployment_role(self, stage, application, Means(boundaries, key.attr_arn, self._packages()))
        if stage.place.is_elsewhere:
            self._let_the_pipeline_act()

    def _packages(self) -> Sequence[Permission]:
        home = self._stage.place.pipeline_account or cdk.Aws.ACCOUNT_ID
        objects = f"arn:{cdk.Aws.PARTITION}:s3:::{PACKAGES}-{home}/{SEALED}/*"
        return [
            Permission("ReadPackages", ("s3:GetObject", "s3:GetObjectVersion"), (objects,), GENERATED_NAMES),
            self._bucket_key(),
        ]

    def _bucket_key(self) -> Permission:
        """The key of the pipeline's buckets, which has no fixed ARN. Its own policy decides who may use it."""
        return Permission(
            "DecryptPackages",
            ("kms:Decrypt", "kms:DescribeKey"),
            (arn("kms", "key/*", account=self._stage.place.pipeline_account or "${AWS::AccountId}"),),
            GENERATED_IDS,
            {"StringEquals": {"kms:ViaService": cdk.Fn.sub("s3.${AWS::Region}.amazonaws.com")}},
        )

    def _let_the_pipeline_act(self) -> None:
        """Create the roles that the pipeline's roles assume to reach a stage in another account."""
        stage, stack = self._stage, arn("cloudformation", f"stack/{self._stage.stack}/*")
        home = stage.place.pipeline_account
        artifacts = f"arn:{cdk.Aws.PARTITION}:s3:::{ARTIFACTS}-{home}/*"
        deploying = [
            Permission("DeployStack", DEPLOY_STACKS, (stack,), GENERATED_IDS),
            TRANSFORM,
            Permission("ReadArtifacts", ("s3:GetObject", "s3:GetObjectVersion"), (artifacts,), GENERATED_NAMES),
            self._bucket_key(),
            Permission(
                "LetCloudFormationDeploy",
                ("iam:PassRole",),
                (arn("iam", f"role/{stage.owned('Deployment')}", region=""),),
                conditions={"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
            ),
        ]
        trusted = _roles_of(home, [PIPELINE_ROLE, INSPECT_ROLE])
        acting = role(self, "Action", trusted, f"Starts deployments of {stage.stack}.", deploying)
        named(acting, stage.owned("Action"))
        if stage.name == STAGING.name:
            testing = permissions_to_test(stage)
            trusted = _roles_of(home, [TESTS_ROLE])
            named(role(self, "Tests", trusted, f"Tests {stage.stack}.", testing), stage.owned("Tests"))


def _roles_of(account: str, names: Sequence[str]) -> iam.IPrincipal:
    """Roles of another account that need not exist yet: the account is the principal, and the role is a condition."""
    arns = [f"arn:{cdk.Aws.PARTITION}:iam::{account}:role/{name}" for name in names]
    return iam.AccountPrincipal(account).with_conditions({"ArnEquals": {"aws:PrincipalArn": arns}})


def _data_key(stack: cdk.Stack, stage: Stage, application: Application) -> kms.CfnKey:
    """Create the key as template.yml would, and export its ARN.

    CloudFormation puts no tags on keys, so nothing but its ARN tells the key of a stage from another. It is created
    here, where the policies can name it.
    """
    properties = _for_stage(application.key, stage)
    key = kms.CfnKey(
        stack,
        "DataKey",
        key_policy=properties["KeyPolicy"],
        description=f"Encrypts the tables, queues, logs, alarms and secrets of {stage.stack}.",
        enable_key_rotation=properties["EnableKeyRotation"],
        pending_window_in_days=properties["PendingWindowInDays"],
    )
    key.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    kms.CfnAlias(stack, "DataKeyAlias", alias_name=f"alias/{stage.parameter}-customers", target_key_id=key.ref)
    cdk.CfnOutput(
        stack,
        "DataKeyArn",
        description=f"The key that encrypts the data of {stage.stack}.",
        value=key.attr_arn,
        export_name=stage.key_export,
    )
    return key


def _for_stage(value: Any, stage: Stage) -> Any:
    """Fill in the references of template.yml that the stage's own stack does not have."""
    match value:
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": text.replace("${Stage}", stage.parameter).replace("${AWS::StackName}", stage.stack)}
        case dict():
            return {name: _for_stage(each, stage) for name, each in value.items()}
        case list():
            return [_for_stage(each, stage) for each in value]
        case _:
            return value
