"""Roles made of permissions. A permission with a wildcard has the reason why it is not narrower."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from .nag import acknowledge

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
GENERATED_NAMES = "The names of these resources are generated, or end in a generated suffix."
GENERATED_IDS = "AWS generates the ids of these resources, so there is no name to match."
_SUBSTITUTED = re.compile(r"\$\{([^}]+)\}")
NO_RESOURCE = "AWS supports no narrower resource for these actions."


@dataclass(frozen=True, slots=True)
class Permission:
    """Actions that a role may perform on some resources.

    Attributes:
        sid: Purpose, in letters only.
        actions: Complete action names, without wildcards.
        resources: ARNs.
        reason: Why the resources contain a `*`; without a reason cdk-nag refuses one.
        conditions: Conditions of the policy statement.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    reason: str = ""
    conditions: Conditions | None = None

    def statement(self) -> iam.PolicyStatement:
        """Return the policy statement. It has no sid, because so many sids would make the template too large."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=self.conditions
        )


def role(
    scope: Construct,
    name: str,
    trusted: str | iam.IPrincipal,
    description: str,
    permissions: Sequence[Permission],
) -> iam.Role:
    """Create a role with exactly the given permissions.

    Args:
        trusted: Who assumes the role: a service, such as `codebuild`, or a principal.
        description: Description of the role.
        permissions: Become an inline policy, so that they exist as soon as the role does.
    """
    created = iam.Role(
        scope,
        name,
        description=description,
        assumed_by=iam.ServicePrincipal(f"{trusted}.amazonaws.com") if isinstance(trusted, str) else trusted,
        inline_policies={
            "permissions": iam.PolicyDocument(statements=[permission.statement() for permission in permissions])
        },
    )
    acknowledge_wildcards(created, permissions)
    return created


def named(created: iam.Role, role_name: str) -> iam.Role:
    """Give a role a fixed name, because another stack names it. Otherwise CloudFormation generates one."""
    resource = created.node.default_child
    if not isinstance(resource, iam.CfnRole):
        raise TypeError(f"{created.node.path} has no role of CloudFormation")
    resource.role_name = role_name
    return created


def acknowledge_wildcards(construct: IConstruct, permissions: Sequence[Permission]) -> None:
    """Acknowledge every resource that contains a `*`, with the reason of its permission."""
    reasons = [
        (_as_cdk_nag_shows(construct, resource), permission.reason)
        for permission in permissions
        for resource in permission.resources
    ]
    findings = {f"AwsSolutions-IAM5[Resource::{text}]": reason for text, reason in reasons if "*" in text and reason}
    acknowledge(construct, findings)


def arn(service: str, resource: str, *, region: str = "${AWS::Region}", account: str = "${AWS::AccountId}") -> str:
    """Return an ARN of this account as `Fn::Sub`, which takes half the space of `Fn::Join` in the template.

    Args:
        service: Service name as in ARNs.
        resource: The part of the ARN after the account.
        region: Another region; empty for services without regions.
        account: Another account; empty for ARNs without one.
    """
    substituted: str = cdk.Fn.sub(f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}")
    return substituted


def read_objects(sid: str, bucket: s3.IBucket, below: str = "*") -> Permission:
    """Read the objects of a bucket, including older versions; `below` limits their keys."""
    return Permission(sid, ("s3:GetObject", "s3:GetObjectVersion"), (bucket.arn_for_objects(below),), GENERATED_NAMES)


def write_objects(sid: str, bucket: s3.IBucket, below: str = "*") -> Permission:
    """Write objects to a bucket, including multipart uploads; `below` limits their keys."""
    actions = ("s3:AbortMultipartUpload", "s3:PutObject")
    return Permission(sid, actions, (bucket.arn_for_objects(below),), GENERATED_NAMES)


def use_key(key: kms.IKey) -> Permission:
    """Encrypt and decrypt with a key."""
    return Permission("UseKey", ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), (key.key_arn,))


def _as_cdk_nag_shows(construct: IConstruct, text: str) -> str:
    """Return a resource as cdk-nag writes it in the id of a finding: `<LogicalId.Arn>/*`."""
    resolved = cdk.Stack.of(construct).resolve(text)
    if isinstance(resolved, dict) and "Fn::Sub" in resolved:
        return _SUBSTITUTED.sub(r"<\1>", str(resolved["Fn::Sub"]))
    parts = resolved["Fn::Join"][1] if isinstance(resolved, dict) and "Fn::Join" in resolved else [resolved]
    return "".join(_part(part) for part in parts)


def _part(part: "str | dict[str, str | list[str]]") -> str:
    match part:
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case _:
            return str(part)
