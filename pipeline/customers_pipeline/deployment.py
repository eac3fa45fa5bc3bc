"""The role with which CloudFormation deploys a stage: it may do what the kinds of resources in template.yml need.

The actions are those that each kind's handlers declare in CloudFormation's resource schemas, less what belongs to
features that this project does not use; `tests/infrastructure/pipeline/test_deployment_role.py` compares the two.
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


class UnknownKind(Exception):
    """template.yml has a kind of resource whose deployment nobody has allowed yet."""


def deployment_role(
    scope: Construct, stage: Stage, application: Application, buckets: Buckets, boundary: iam.IManagedPolicy
) -> iam.Role:
    """Make the role.

    Args:
        scope: Where it goes.
        stage: What it deploys.
        application: Whose kinds of resources it may make.
        buckets: Where the packages are.
        boundary: What it must bound every role with that it makes.

    Raises:
        UnknownKind: A kind is missing in `deployment_actions`.
    """
    actions = _actions(application)
    packages = [TRANSFORM, read_objects("ReadPackages", buckets.packages), use_key(buckets.key)]
    named = _needed(_named(stage), actions)
    made = role(scope, f"{stage.name}Deployment", "cloudformation", f"Deploys {stage.stack}.", [*packages, *named])
    _add(made, stage, _needed([*_unnamed(stage), *_roles(stage, boundary)], actions))
    return made


def _add(made: iam.Role, stage: Stage, permissions: Sequence[Permission]) -> None:
    """A second policy, as IAM takes 10,240 characters of a role's own ones and no more."""
    policy = iam.ManagedPolicy(
        made.stack,
        f"{stage.name}DeploymentUnnamed",
        description=f"What {stage.stack} has without names.",
        statements=[permission.statement() for permission in permissions],
        roles=[made],
    )
    acknowledge_wildcards(policy, permissions)


def _needed(reach: Sequence[Permission], actions: Mapping[str, set[str]]) -> list[Permission]:
    """The parts of a reach that something is to be done in."""
    return [
        Permission(each.sid, sorted(actions[each.sid]), each.resources, each.because, each.conditions)
        for each in reach
        if each.sid in actions
    ]


def _actions(application: Application) -> Mapping[str, set[str]]:
    """Name of a reach -> what the application's kinds need there."""
    if missing := sorted(application.kinds - set(ACTIONS)):
        raise UnknownKind(
            f"template.yml has {', '.join(missing)}: say in pipeline/customers_pipeline/deployment_actions.py what "
            "its deployment may do, and in deployment.py with which resources."
        )
    needed: dict[str, set[str]] = {}
    for kind in application.kinds:
        for reach, actions in ACTIONS[kind].items():
            needed.setdefault(reach, set()).update(actions)
    return needed


def _reach(sid: str, *resources: str, because: str = GENERATED_NAMES, **condition: Mapping[str, str]) -> Permission:
    return Permission(sid, (), resources, because, condition or None)


def _named(stage: Stage) -> Sequence[Permission]:
    """What has names that begin with the stack's or the stage's."""
    stack, named, hook = f"{stage.stack}-*", f"{stage.parameter}-customer*", f"CodeDeployHook_{stage.parameter}-*"
    return (
        _reach("Functions", arn("lambda", f"function:{stack}"), arn("lambda", f"function:{hook}")),
        _reach("Layers", arn("lambda", f"layer:{named}")),
        _reach("Tables", arn("dynamodb", f"table/{named}")),
        _reach("Queues", arn("sqs", named)),
        _reach("Topics", arn("sns", named)),
        _reach("Workflows", arn("states", f"stateMachine:{named}")),
        _reach("Secrets", arn("secretsmanager", f"secret:{named}")),
        _reach("Buses", arn("events", f"event-bus/{named}"), arn("events", f"rule/{named}"),
               arn("events", f"rule/{stack}"), arn("events", f"archive/{named}")),
        _reach("LogGroups", arn("logs", f"log-group:/aws/lambda/{stack}"), arn("logs", f"log-group:*{named}")),
        _reach("Alarms", arn("cloudwatch", f"alarm:{named}"), arn("cloudwatch", f"alarm:{stack}")),
        _reach("Dashboards", arn("cloudwatch", f"dashboard/{named}", region="")),
        _reach("Firewalls", arn("wafv2", f"regional/webacl/{named}"), arn("wafv2", "regional/managedruleset/*")),
        _reach("Deployments", arn("codedeploy", f"application:{stack}"), arn("codedeploy", f"deploymentgroup:{stack}"),
               arn("codedeploy", f"deploymentconfig:{stack}"), arn("codedeploy", f"deploymentconfig:{named}"),
               arn("codedeploy", "deploymentconfig:CodeDeployDefault.*")),
        _reach("KeyAliases", arn("kms", f"alias/{named}")),
    )  # fmt: skip


def _unnamed(stage: Stage) -> Sequence[Permission]:
    """What AWS gives an id of its own, or knows no resource for."""
    ours = {"aws:ResourceTag/aws:cloudformation:stack-name": stage.stack}
    functions = {"lambda:FunctionArn": arn("lambda", f"function:{stage.stack}-*")}
    apis = [arn("apigateway", f"/{path}", account="") for path in ("account", "restapis", "restapis/*", "tags/*")]
    return (
        _reach("Mappings", "*", because=NO_RESOURCE, ArnLike=functions),
        _reach("MappingsRead", arn("lambda", "event-source-mapping:*"), because=GENERATED_IDS),
        _reach("Apis", *apis, because=GENERATED_IDS),
        _reach("UserPools", arn("cognito-idp", "userpool/*"), because=GENERATED_IDS),
        _reach("Keys", arn("kms", "key/*"), because=GENERATED_IDS, StringEquals=ours),
        _reach("Anything", "*", because=NO_RESOURCE),
    )


def _roles(stage: Stage, boundary: iam.IManagedPolicy) -> Sequence[Permission]:
    """The roles of the application: none without its boundary, and for no service but those that run it."""
    roles = arn("iam", f"role/{stage.stack}-*", region="")
    services = [f"{name}.amazonaws.com" for name in ("apigateway", "codedeploy", "events", "lambda", "states")]
    return (
        _reach("Roles", roles),
        _reach("BoundedRoles", roles, StringEquals={"iam:PermissionsBoundary": boundary.managed_policy_arn}),
        Permission("PassRoles", (), (roles,), GENERATED_NAMES, {"StringEquals": {"iam:PassedToService": services}}),
    )
