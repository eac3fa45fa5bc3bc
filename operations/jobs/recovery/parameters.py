"""Changes parameters of a stack that runs, with the template that it has."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from operations.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

SECONDS_BETWEEN_LOOKS: Final = 5.0
# A stack that was only created, or whose old resources are still being removed, has its parameters in force.
_DONE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"})
_NOTHING_CHANGED: Final = "No updates are to be performed"
_CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


class StackParameters:
    """The parameters of one stack."""

    def __init__(
        self, client: "CloudFormationClient", stack_name: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Connect to CloudFormation.

        Args:
            stack_name: The stack's name.
            pause: Sleeps between two looks at the stack; takes seconds.
        """
        self._client = client
        self._stack_name = stack_name
        self._pause = pause

    def values(self) -> Mapping[str, str]:
        """The parameters in force."""
        return {each["ParameterKey"]: each["ParameterValue"] for each in self._stack().get("Parameters", ())}

    def change(self, changes: Mapping[str, str]) -> None:
        """Change some parameters, keep the others and the template, and wait until the stack is updated.

        Raises:
            CommandError: The template lacks a parameter, or the update failed and was rolled back.
        """
        known = self.values()
        if missing := sorted(changes.keys() - known.keys()):
            raise CommandError(
                f"The stack {self._stack_name} has no parameter {', '.join(missing)}: deploy this release to it first."
            )
        parameters: Any = [
            {"ParameterKey": name, "ParameterValue": changes[name]}
            if name in changes
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in known
        ]
        try:
            self._client.update_stack(
                StackName=self._stack_name,
                UsePreviousTemplate=True,
                Parameters=parameters,
                Capabilities=list(_CAPABILITIES),
            )
        except ClientError as refused:
            if _NOTHING_CHANGED not in str(refused):
                raise
        else:
            self._wait()

    def _wait(self) -> None:
        while (status := self._stack()["StackStatus"]) not in _DONE:
            if not status.endswith("_IN_PROGRESS"):
                raise CommandError(f"The update of {self._stack_name} ended with {status}: {self._reason()}")
            self._pause(SECONDS_BETWEEN_LOOKS)

    def _reason(self) -> str:
        events = self._client.describe_stack_events(StackName=self._stack_name)["StackEvents"]
        reasons = (
            f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in events
            if event["ResourceStatus"].endswith("_FAILED") and "ResourceStatusReason" in event
        )
        return next(reasons, "see the stack's events.")

    def _stack(self) -> Mapping[str, Any]:
        [stack] = self._client.describe_stacks(StackName=self._stack_name)["Stacks"]
        return stack
