"""Takes one customer from POST to row and bus, in a process that looks like Lambda with X-Ray, and prints the event.

Arguments: the X-Ray headers of the invocations of the POST, the projector and the publisher.
"""

import json
import os
import sys
from collections.abc import Sequence
from types import SimpleNamespace
from uuid import uuid4

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.lambda_launcher import LambdaContext

from publisher.entries import Entry
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from shared.runtime.clients import sqs
from tests.event_log import events_of
from tests.samples import machine_claims, valid_body

# After the imports: otherwise the SDK writes a file for a Lambda runtime that does not exist here.
os.environ["LAMBDA_TASK_ROOT"] = "/var/task"
xray_recorder.configure(context=LambdaContext())

CONTEXT = SimpleNamespace(
    function_name="f",
    memory_limit_in_mb=1,
    invoked_function_arn="a",
    aws_request_id="r",
    get_remaining_time_in_millis=int,
)


class RecordingBus:
    """Accepts every entry and records its trace header."""

    def __init__(self) -> None:
        self.trace_headers: list[str] = []

    def put(self, entries: Sequence[Entry]) -> Sequence[str]:
        self.trace_headers += [entry.to_request_entry("bus")["TraceHeader"] for entry in entries]
        return [""] * len(entries)


def main(post: str, projecting: str, publishing: str) -> None:
    os.environ["_X_AMZN_TRACE_ID"] = post
    from commands.handlers import create_customer  # noqa: PLC0415 - reads the environment
    from events.codec import to_item  # noqa: PLC0415
    from projections.handlers import project_customers  # noqa: PLC0415
    from publisher.handlers import publish_events  # noqa: PLC0415

    request = {"requestId": "request", "authorizer": {"claims": machine_claims("customers/write")}}
    answer = create_customer.handle(
        {"requestContext": request, "body": json.dumps(valid_body(email=f"{uuid4()}@example.com"))}, CONTEXT
    )
    assert answer["statusCode"] == 201, answer
    customer_id = json.loads(str(answer["body"]))["id"]
    [event] = events_of(create_customer.store, customer_id)
    os.environ["_X_AMZN_TRACE_ID"] = projecting
    change = {"SequenceNumber": "1", "NewImage": to_item(event), "ApproximateCreationDateTime": 0}
    record = {"eventName": "INSERT", "eventID": "1", "dynamodb": change}
    assert project_customers.handle({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}
    os.environ["_X_AMZN_TRACE_ID"] = publishing
    bus = RecordingBus()
    publish_events.publisher = Publisher(bus, SqsPublishFailures(sqs(), ""), "urn:test")
    assert publish_events.handle({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}
    printed = {"customer_id": customer_id, "metadata": event.metadata.as_dict(), "trace_headers": bus.trace_headers}
    print(json.dumps(printed), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
