"""The hook that CodeDeploy calls before it sends traffic to a new version of CreateCustomer.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from commands.pre_traffic import Call, CheckFailed, Services, Trial, problems_of
from events.dynamodb_store import DynamoDbEventStore
from shared.runtime.clients import deployments, dynamodb, functions
from shared.runtime.ids import new_id
from shared.runtime.invocation import traced
from shared.runtime.observability import describe, logger
from shared.runtime.settings import required

# For one last GET, the erasure and the report, each at its slowest.
_RESERVED_MILLISECONDS: Final = 120_000
_REPORTS: Final = 5

Status = Literal["Failed", "Succeeded"]


@traced()
def handle(event: dict[str, Any], context: Any) -> None:
    """Check the new version and report to CodeDeploy. Anything but a complete success is reported as failed."""
    trial = Trial(event["DeploymentId"], new_id())
    try:
        problems = problems_of(trial, _services(context.get_remaining_time_in_millis))
    except Exception as error:  # noqa: BLE001 - a check that could not start has not passed
        problems = [f"The check could not start: {describe(error)['error']}."]
    status: Status = "Failed" if problems else "Succeeded"
    logger.info("pre-traffic", extra={"deployment": trial.deployment_id, "status": status, "problems": problems})
    report(event, status, time.sleep)


def report(event: Mapping[str, str], status: Status, pause: Callable[[float], None]) -> None:
    """Report to CodeDeploy, with retries.

    Args:
        event: The event with which CodeDeploy invoked the hook.
        pause: Waits between attempts; takes seconds.

    Raises:
        BotoCoreError: The report failed. CodeDeploy treats an hour without a report as a failure.
        ClientError: The report failed.
    """
    for attempt in range(1, _REPORTS + 1):
        try:
            deployments().put_lifecycle_event_hook_execution_status(
                deploymentId=event["DeploymentId"],
                lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
                status=status,
            )
        except (BotoCoreError, ClientError) as error:
            if attempt == _REPORTS:
                raise
            logger.warning("report to CodeDeploy failed", extra=describe(error))
            pause(0.25 * 2**attempt)
        else:
            return


def _services(milliseconds_left: Callable[[], int]) -> Services:
    return Services(
        create=_call_of("NEW_VERSION"),
        get=_call_of("GET_CUSTOMER"),
        erase=_call_of("ERASE_SYNTHETIC_CUSTOMER"),
        events=DynamoDbEventStore(dynamodb(), required("EVENT_TABLE")).read,
        pause=time.sleep,
        in_time=lambda: milliseconds_left() > _RESERVED_MILLISECONDS,
    )


def _call_of(setting: str) -> Call:
    """A call of the function that a setting names.

    Raises:
        MissingSetting: The setting is missing.
    """
    name = required(setting)

    def call(event: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = functions().invoke(FunctionName=name, Payload=json.dumps(event).encode())
        if "FunctionError" in answer:
            raise CheckFailed(f"The function in {setting} failed.")
        payload: Mapping[str, Any] = json.loads(answer["Payload"].read())
        return payload

    return call
