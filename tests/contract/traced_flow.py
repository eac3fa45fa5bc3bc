"""One customer from POST to the row, in a process that looks like Lambda with X-Ray on; prints the event.

Arguments: the X-Ray header of the POST's invocation, and that of the stream's.
"""

import json
import os
import sys
from types import SimpleNamespace
from uuid import uuid4

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.lambda_launcher import LambdaContext

from tests.samples import valid_body

# Only now, as the SDK would else leave a file for a Lambda that is not there.
os.environ["LAMBDA_TASK_ROOT"] = "/var/task"
xray_recorder.configure(context=LambdaContext())

CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=1,
    invoked_function_arn="a",
    aws_request_id="r",
    get_remaining_time_in_millis=int,
)


def main(post: str, stream: str) -> None:
    os.environ["_X_AMZN_TRACE_ID"] = post
    from commands.handlers import create_customer  # noqa: PLC0415 - reads the environment
    from events.codec import to_item  # noqa: PLC0415
    from projections.handlers import project_customers  # noqa: PLC0415

    claims = {"sub": "somebody", "scope": "customers/write"}
    request = {"requestId": "request", "authorizer": {"claims": claims}}
    answer = create_customer.handle(
        {"requestContext": request, "body": json.dumps(valid_body(email=f"{uuid4()}@example.com"))}, CONTEXT
    )
    assert answer["statusCode"] == 201, answer
    customer_id = json.loads(str(answer["body"]))["id"]
    [event] = create_customer.store.read(customer_id)
    os.environ["_X_AMZN_TRACE_ID"] = stream
    change = {"SequenceNumber": "1", "NewImage": to_item(event), "ApproximateCreationDateTime": 0}
    record = {"eventName": "INSERT", "eventID": "1", "dynamodb": change}
    assert project_customers.handle({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}
    print(json.dumps({"customer_id": customer_id, "metadata": event.metadata.as_dict()}), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
