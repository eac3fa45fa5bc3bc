"""Roles out of permissions, each of which says why it is not narrower."""

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
GENERATED_NAMES = "Who creates these makes up their names, or ends them with letters of its own."
GENERATED_IDS = "AWS makes up the ids of these, so that there is no name to go by."
_SUBSTITUTED = re.compile(r"\$\{([^}]+)\}")
NO_RESOURCE = "AWS knows no narrower resource for these actions."


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that a role may do.

    Attributes:
        sid: What for, in letters.
        actions: Each by its whole name.
        resources: ARNs.
        because: Why there is a `*` in the resources; without it cdk-nag refuses one.
        conditions: As in the policy.
    """

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    because: str = ""
    conditions: Conditions | None = None

    def statement(self) -> iam.PolicyStatement:
        """As a policy has it; without the name, as the roles have so many that the template would have no room."""
        return iam.PolicyStatement(
            actions=list(self.actions), resources=list(self.resources), conditions=self.conditions
        )


def role(scope: Construct, name: str, service: str, description: str, permissions: Sequence[Permission]) -> iam.Role:
    """A role that may do what its permissions say and nothing else, whatever other constructs would add to it.

    Args:
        scope: Where it goes.
        name: Of the construct.
        service: Which service acts in the role, such as `codebuild`.
        description: For people.
        permissions: In a policy of the role's own, so that they are there as soon as the role is.
    """
    made = iam.Role(
        scope,
        name,
        description=description,
        assumed_by=iam.ServicePrincipal(f"{service}.amazonaws.com"),
        inline_policies={
            "permissions": iam.PolicyDocument(statements=[permission.statement() for permission in permissions])
        },
    )
    acknowledge_wildcards(made, permissions)
    return made


def acknowledge_wildcards(construct: IConstruct, permissions: Sequence[Permission]) -> None:
    """Tell cdk-nag the reason of every resource with a `*` in it, if there is one."""
    shown = [
        (_as_cdk_nag_shows(construct, resource), permission.because)
        for permission in permissions
        for resource in permission.resources
    ]
    findings = {f"AwsSolutions-IAM5[Resource::{text}]": reason for text, reason in shown if "*" in text and reason}
    acknowledge(construct, findings)


def arn(service: str, resource: str, *, region: str = "${AWS::Region}", account: str = "${AWS::AccountId}") -> str:
    """The ARN of something of this account; as a substitution, which takes half the template's room of a join.

    Args:
        service: As ARNs name it.
        resource: What follows the account.
        region: Another one, or an empty text for services without regions.
        account: Another one, or an empty text where ARNs name none.
    """
    written: str = cdk.Fn.sub(f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}")
    return written


def read_objects(sid: str, bucket: s3.IBucket) -> Permission:
    """Read a bucket's objects, older versions too."""
    return Permission(sid, ("s3:GetObject", "s3:GetObjectVersion"), (bucket.arn_for_objects("*"),), GENERATED_NAMES)


def write_objects(sid: str, bucket: s3.IBucket) -> Permission:
    """Put objects into a bucket, in parts if they are large."""
    actions = ("s3:AbortMultipartUpload", "s3:PutObject")
    return Permission(sid, actions, (bucket.arn_for_objects("*"),), GENERATED_NAMES)


def use_key(key: kms.IKey) -> Permission:
    """Read and write what a key encrypts."""
    return Permission("UseKey", ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), (key.key_arn,))


def _as_cdk_nag_shows(construct: IConstruct, text: str) -> str:
    """A resource as it stands in the name of a finding: `<LogicalId.Arn>/*`."""
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
