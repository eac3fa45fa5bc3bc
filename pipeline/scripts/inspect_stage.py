"""Prints whether the tables of a stage should be protected against deletion: true once its stack stands.

Environment: STACK, the stack; ASSUMED_ROLE, a role in the stage's account, or empty.
"""

import os
import sys
from typing import Any

import boto3

# A creation that failed. CloudFormation updates no such stack, and its leftovers would stop a new one.
FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class StageFailed(Exception):
    """The stack must be removed before it can be deployed."""


def protection(cloudformation: Any, stack: str) -> str:
    """Return the value of the parameter DeletionProtection for the next deployment of a stack.

    Args:
        cloudformation: A client for the stage's account.
        stack: Name of the stack.

    Raises:
        StageFailed: Its creation failed.
    """
    try:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return "false"
        raise
    if found["StackStatus"] in FAILED:
        stage = stack.removeprefix("CustomersApi").lower()
        raise StageFailed(
            f"{stack} is in {found['StackStatus']}: its first deployment failed. Read its events, then remove what is "
            f'left with make customers ARGS="clean-up --stage {stage}" and retry this stage.'
        )
    return "false" if found["StackStatus"] == "REVIEW_IN_PROGRESS" else "true"


def client(service: str, role: str) -> Any:
    """Return a client that acts in a role, or in the caller's own if the ARN is empty."""
    if not role:
        return boto3.client(service)  # type: ignore[call-overload]  # any service
    issued = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="inspect")["Credentials"]
    return boto3.client(  # type: ignore[call-overload]  # any service
        service,
        aws_access_key_id=issued["AccessKeyId"],
        aws_secret_access_key=issued["SecretAccessKey"],
        aws_session_token=issued["SessionToken"],
    )


def main() -> int:
    """Print the value, or the reason why the stage cannot be deployed."""
    try:
        print(protection(client("cloudformation", os.environ.get("ASSUMED_ROLE", "")), os.environ["STACK"]))
    except StageFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
