"""The role in which CloudFormation deploys a stage. Its permissions follow from the resource types in template.yml.

The actions are those that CloudFormation's resource schemas declare for each type, minus those of features that this
project does not use; `tests/infrastructure/pipeline/test_deployment_role.py` compares the two.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from .application import Application
from .buckets import Buckets
from .deployment_actions import ACTIONS
from .permissions import (
    GENERATED_IDS,
    GENERATED_NAMES,
    NO_RESOURCE,
    Permission,
    acknowledge_wildcards,
    arn,
    read_objects,
    role,
    use_key,
)
from .stages import Stage

TRANSFORM = Permission(
    "TransformTemplate",
    ("cloudformation:CreateChangeSet",),
    (arn("cloudformation", "transform/Serverless-2016-10-31", account="aws"),),
)


class UnknownResourceType(Exception):
    """template.yml has a resource type that `deployment_actions` does not list."""


def deployment_role(
    scope: Construct, stage: Stage, application: Application, buckets: Buckets, boundary: iam.IManagedPolicy
) -> iam.Role:
    """Create the role.

    Args:
        stage: The stage that the role deploys.
        application: Its resource types determine the permissions.
        buckets: The buckets with the packages.
        boundary: Permissions boundary that every role of the application must have.

    Raises:
        UnknownResourceType: `deployment_actions` lacks a resource type.
    """
    actions = _actions_by_group(application)
    packages = [TRANSFORM, read_objects("ReadPackages", buckets.packages), use_key(buckets.key)]
    named = _with_actions(_named_resources(stage), actions)
    created = role(scope, f"{stage.name}Deployment", "cloudformation", f"Deploys {stage.stack}.", [*packages, *named])
    unnamed = [*_unnamed_resources(stage), *_roles(stage, boundary)]
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


def _actions_by_group(application: Application) -> Mapping[str, set[str]]:
    """Map the name of each resource group to the actions that the application's resource types need there."""
    if missing := sorted(application.resource_types - set(ACTIONS)):
        raise UnknownResourceType(
            f"template.yml uses {', '.join(missing)}: add the actions of its deployment to "
            "pipeline/customers_pipeline/deployment_actions.py, and their resources to deployment.py."
        )
    needed: dict[str, set[str]] = {}
    for resource_type in application.resource_types:
        for group, actions in ACTIONS[resource_type].items():
            needed.setdefault(group, set()).update(actions)
    return needed


def _group(sid: str, *resources: str, reason: str = GENERATED_NAMES, **condition: Mapping[str, str]) -> Permission:
    return Permission(sid, (), resources, reason, condition or None)


def _named_resources(stage: Stage) -> Sequence[Permission]:
    """Resources whose names begin with the name of the stack or the stage."""
    stack, named, hook = f"{stage.stack}-*", f"{stage.parameter}-customer*", f"CodeDeployHook_{stage.parameter}-*"
    return (
        _group("Functions", arn("lambda", f"function:{stack}"), arn("lambda", f"function:{hook}")),
        _group("Layers", arn("lambda", f"layer:{named}")),
        _group("Tables", arn("dynamodb", f"table/{named}")),
        _group("Queues", arn("sqs", named)),
        _group("Topics", arn("sns", named)),
        _group("Workflows", arn("states", f"stateMachine:{named}")),
        _group("Secrets", arn("secretsmanager", f"secret:{named}")),
        _group("Buses", arn("events", f"event-bus/{named}"), arn("events", f"rule/{named}"),
               arn("events", f"rule/{stack}"), arn("events", f"archive/{named}")),
        _group("LogGroups", arn("logs", f"log-group:/aws/lambda/{stack}"), arn("logs", f"log-group:*{named}")),
        _group("Alarms", arn("cloudwatch", f"alarm:{named}"), arn("cloudwatch", f"alarm:{stack}")),
        _group("Dashboards", arn("cloudwatch", f"dashboard/{named}", region="")),
        _group("Firewalls", arn("wafv2", f"regional/webacl/{named}"), arn("wafv2", "regional/managedruleset/*")),
        _group("Deployments", arn("codedeploy", f"application:{stack}"), arn("codedeploy", f"deploymentgroup:{stack}"),
               arn("codedeploy", f"deploymentconfig:{stack}"), arn("codedeploy", f"deploymentconfig:{named}"),
               arn("codedeploy", "deploymentconfig:CodeDeployDefault.*")),
        _group("KeyAliases", arn("kms", f"alias/{named}")),
    )  # fmt: skip


def _unnamed_resources(stage: Stage) -> Sequence[Permission]:
    """Resources with ids that AWS generates, and actions that support no resource."""
    ours = {"aws:ResourceTag/aws:cloudformation:stack-name": stage.stack}
    functions = {"lambda:FunctionArn": arn("lambda", f"function:{stage.stack}-*")}
    apis = [arn("apigateway", f"/{path}", account="") for path in ("account", "restapis", "restapis/*", "tags/*")]
    return (
        _group("Mappings", "*", reason=NO_RESOURCE, ArnLike=functions),
        _group("MappingsRead", arn("lambda", "event-source-mapping:*"), reason=GENERATED_IDS),
        _group("Apis", *apis, reason=GENERATED_IDS),
        _group("UserPools", arn("cognito-idp", "userpool/*"), reason=GENERATED_IDS),
        _group("Keys", arn("kms", "key/*"), reason=GENERATED_IDS, StringEquals=ours),
        _group("Anything", "*", reason=NO_RESOURCE),
    )


def _roles(stage: Stage, boundary: iam.IManagedPolicy) -> Sequence[Permission]:
    """The application's roles: they must have the boundary, and only the services that run it may receive them."""
    roles = arn("iam", f"role/{stage.stack}-*", region="")
    services = [f"{name}.amazonaws.com" for name in ("apigateway", "codedeploy", "events", "lambda", "states")]
    return (
        _group("Roles", roles),
        _group("BoundedRoles", roles, StringEquals={"iam:PermissionsBoundary": boundary.managed_policy_arn}),
        Permission("PassRoles", (), (roles,), GENERATED_NAMES, {"StringEquals": {"iam:PassedToService": services}}),
    )
