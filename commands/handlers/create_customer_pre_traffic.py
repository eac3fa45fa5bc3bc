"""CodeDeploy's question before it sends traffic to a new version of CreateCustomer.

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
from shared.runtime.observability import describe, logger, tracer
from shared.runtime.settings import required

# For a last look, the erasure and the report, each at its slowest.
_RESERVED_MILLISECONDS: Final = 120_000
_REPORTS: Final = 5

Status = Literal["Failed", "Succeeded"]


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handle(event: dict[str, Any], context: Any) -> None:
    """Check the new version and tell CodeDeploy; whatever is not known to be good is told to have failed."""
    trial = Trial(event["DeploymentId"], new_id())
    try:
        problems = problems_of(trial, _services(context.get_remaining_time_in_millis))
    except Exception as error:  # noqa: BLE001 - a check that could not even begin has not passed
        problems = [f"{describe(error)['error']} before the check"]
    status: Status = "Failed" if problems else "Succeeded"
    logger.info("pre-traffic", extra={"deployment": trial.deployment_id, "status": status, "problems": problems})
    report(event, status, time.sleep)


def report(event: Mapping[str, str], status: Status, pause: Callable[[float], None]) -> None:
    """Tell CodeDeploy, again and again if need be.

    Args:
        event: What CodeDeploy asked with.
        status: The verdict.
        pause: Waits so many seconds.

    Raises:
        BotoCoreError: CodeDeploy cannot be told. It takes an hour's silence for a failure.
        ClientError: Likewise.
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
            logger.warning("CodeDeploy was not told", extra=describe(error))
            pause(0.25 * 2**attempt)
        else:
            return


def _services(milliseconds_left: Callable[[], int]) -> Services:
    return Services(
        create=_calling("NEW_VERSION"),
        get=_calling("GET_CUSTOMER"),
        erase=_calling("ERASE_CUSTOMER"),
        events=DynamoDbEventStore(dynamodb(), required("EVENT_TABLE")).read,
        pause=time.sleep,
        in_time=lambda: milliseconds_left() > _RESERVED_MILLISECONDS,
    )


def _calling(setting: str) -> Call:
    """A function whose name is in a setting, as something to call.

    Raises:
        MissingSetting: The setting is not there.
    """
    name = required(setting)

    def call(event: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = functions().invoke(FunctionName=name, Payload=json.dumps(event).encode())
        if "FunctionError" in answer:
            raise CheckFailed(f"{setting} ended in an error.")
        payload: Mapping[str, Any] = json.loads(answer["Payload"].read())
        return payload

    return call
