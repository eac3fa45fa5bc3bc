"""The role in which CloudFormation deploys a stage. Its permissions follow from the resource types in template.yml.

The actions are those that CloudFormation's resource schemas declare for each type, minus those of features that this
project does not use; `tests/infrastructure/pipeline/test_deployment_role.py` compares the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from constructs import Construct

from .application import Application
from .deployment_actions import ACTIONS
from .permissions import (
    GENERATED_IDS,
    GENERATED_NAMES,
    NO_RESOURCE,
    Permission,
    acknowledge_wildcards,
    arn,
    named,
    role,
)
from .stages import Stage

TRANSFORM = Permission(
    "TransformTemplate",
    ("cloudformation:CreateChangeSet",),
    (arn("cloudformation", "transform/Serverless-2016-10-31", account="aws"),),
)


# The key and its alias are made with the role, not by it: docs/decisions/0050.
HANDED_OVER = frozenset({"AWS::KMS::Alias", "AWS::KMS::Key"})
GATEWAY_ACCOUNT = "AWS::ApiGateway::Account"
# What the services need of the caller who creates a resource that the key encrypts, such as a table.
USE_DATA_KEY = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RevokeGrant",
)


class UnknownResourceType(Exception):
    """template.yml has a resource type that `deployment_actions` does not list."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a deployment works with.

    Attributes:
        boundaries: ARNs of the boundaries, of which every role of the application must have one.
        key_arn: The key that encrypts the stage's data.
        packages: Permissions to read the packages.
    """

    boundaries: Sequence[str]
    key_arn: str
    packages: Sequence[Permission]


def deployment_role(scope: Construct, stage: Stage, application: Application, means: Means) -> iam.Role:
    """Create the role.

    Args:
        stage: The stage that the role deploys.
        application: Its resource types determine the permissions.
        means: The boundaries, the key and the packages.

    Raises:
        UnknownResourceType: `deployment_actions` lacks a resource type.
    """
    actions = _actions_by_group(application, stage)
    common = [TRANSFORM, *means.packages, Permission("UseDataKey", USE_DATA_KEY, (means.key_arn,))]
    with_names = _with_actions(_named_resources(stage), actions)
    created = role(
        scope,
        f"{stage.name}Deployment",
        "cloudformation",
        f"Deploys {stage.stack}.",
        [*common, *with_names],
    )
    named(created, stage.owned("Deployment"))
    unnamed = [*_unnamed_resources(stage), *_roles(stage, means.boundaries)]
    _attach_policy(created, stage, _with_actions(unnamed, actions))
    return created


def _attach_policy(owner: iam.Role, stage: Stage, permissions: Sequence[Permission]) -> None:
    """Attach a second policy, because IAM limits the inline policies of a role to 10,240 characters."""
    policy = iam.ManagedPolicy(
        owner.stack,
        f"{stage.name}DeploymentUnnamed",
        description=f"Deploys the resources of {stage.stack} that have generated names.",
        statements=[permission.statement() for permission in permissions],
        roles=[owner],
    )
    acknowledge_wildcards(policy, permissions)


def _with_actions(groups: Sequence[Permission], actions: Mapping[str, set[str]]) -> list[Permission]:
    """Fill resource groups with their actions, and drop those that need none."""
    return [
        Permission(group.sid, sorted(actions[group.sid]), group.resources, group.reason, group.conditions)
        for group in groups
        if group.sid in actions
    ]


def deployed_types(application: Application, stage: Stage) -> frozenset[str]:
    """Return the resource types that a deployment of a stage creates."""
    left_out = HANDED_OVER if stage.sets_gateway_account else HANDED_OVER | {GATEWAY_ACCOUNT}
    return application.resource_types - left_out


def _actions_by_group(application: Application, stage: Stage) -> Mapping[str, set[str]]:
    """Map the name of each resource group to the actions that the application's resource types need there."""
    if missing := sorted(application.resource_types - set(ACTIONS)):
        raise UnknownResourceType(
            f"template.yml uses {', '.join(missing)}: add the actions of its deployment to "
            "pipeline/customers_pipeline/deployment_actions.py, and their resources to deployment.py."
        )
    needed: dict[str, set[str]] = {}
    for resource_type in deployed_types(application, stage):
        for group, actions in ACTIONS[resource_type].items():
            needed.setdefault(group, set()).update(actions)
    return needed


def _group(
    sid: str, *resources: str, reason: str = GENERATED_NAMES, **condition: Mapping[str, str | Sequence[str]]
) -> Permission:
    return Permission(sid, (), resources, reason, condition or None)


def _named_resources(stage: Stage) -> Sequence[Permission]:
    """Resources whose names begin with the name of the stack or the stage."""
    stack, names, hook = f"{stage.stack}-*", f"{stage.parameter}-customer*", f"CodeDeployHook_{stage.parameter}-*"
    return (
        _group("Functions", arn("lambda", f"function:{stack}"), arn("lambda", f"function:{hook}")),
        _group("Layers", arn("lambda", f"layer:{names}")),
        _group("Tables", arn("dynamodb", f"table/{names}")),
        _group("Queues", arn("sqs", names)),
        _group("Topics", arn("sns", names)),
        _group("Workflows", arn("states", f"stateMachine:{names}")),
        _group("Secrets", arn("secretsmanager", f"secret:{names}")),
        _group("Buses", arn("events", f"event-bus/{names}"), arn("events", f"rule/{names}"),
               arn("events", f"rule/{stack}"), arn("events", f"archive/{names}")),
        _group("LogGroups", arn("logs", f"log-group:*{names}")),
        _group("Alarms", arn("cloudwatch", f"alarm:{names}"), arn("cloudwatch", f"alarm:{stack}")),
        _group("Dashboards", arn("cloudwatch", f"dashboard/{names}", region="")),
        _group("Budgets", arn("budgets", f"budget/{names}", region="")),
        _group("Firewalls", arn("wafv2", f"regional/webacl/{names}"), arn("wafv2", "regional/managedruleset/*")),
        _group("Deployments", arn("codedeploy", f"application:{stack}"), arn("codedeploy", f"deploymentgroup:{stack}"),
               arn("codedeploy", f"deploymentconfig:{stack}"), arn("codedeploy", f"deploymentconfig:{names}"),
               arn("codedeploy", "deploymentconfig:CodeDeployDefault.*")),
    )  # fmt: skip


def _unnamed_resources(stage: Stage) -> Sequence[Permission]:
    """Resources with ids that AWS generates, and actions that support no resource.

    CloudFormation tags user pools and APIs with the name of their stack, and nobody else can set a tag that begins with
    `aws:`. Clients, groups and domains belong to their pool, and everything below an API inherits its tags.
    """
    ours = {"aws:ResourceTag/aws:cloudformation:stack-name": stage.stack}
    functions = {"lambda:FunctionArn": arn("lambda", f"function:{stage.stack}-*")}

    def gateway(path: str) -> str:
        return arn("apigateway", path, account="")

    return (
        _group("Mappings", "*", reason=NO_RESOURCE, ArnLike=functions),
        _group("MappingsRead", arn("lambda", "event-source-mapping:*"), reason=GENERATED_IDS),
        _group("Apis", gateway("/restapis/*"), reason=GENERATED_IDS, StringEquals=ours),
        _group("ApiStages", gateway("/restapis/*/stages/*"), reason=GENERATED_IDS),
        _group("NewApis", gateway("/restapis"), gateway("/tags/*"), reason=GENERATED_IDS),
        _group("GatewayAccount", gateway("/account")),
        _group("UserPools", arn("cognito-idp", "userpool/*"), reason=GENERATED_IDS, StringEquals=ours),
        _group("Anything", "*", reason=NO_RESOURCE),
    )


def _roles(stage: Stage, boundaries: Sequence[str]) -> Sequence[Permission]:
    """The application's roles: they must have a boundary, and only the services that run it may receive them."""
    roles = arn("iam", f"role/{stage.stack}-*", region="")
    services = [f"{name}.amazonaws.com" for name in ("apigateway", "codedeploy", "events", "lambda", "states")]
    return (
        _group("Roles", roles),
        _group("BoundedRoles", roles, StringEquals={"iam:PermissionsBoundary": boundaries}),
        Permission("PassRoles", (), (roles,), GENERATED_NAMES, {"StringEquals": {"iam:PassedToService": services}}),
    )
