"""Records every event that the stack publishes on its bus."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator

from contracts.events.documents import ENVELOPE, FOLDER
from local.aws import session

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

NAME: Final = "tests-tap"
CONTRACT: Final = Draft202012Validator(
    json.loads((FOLDER / ENVELOPE).read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


class Tap:
    """A queue behind a rule that matches every event.

    Attributes:
        heard: All events so far, as a target receives them.
    """

    def __init__(self, outputs: Mapping[str, str]) -> None:
        self._queues: SQSClient = session().client("sqs", endpoint_url=outputs["EndpointUrl"])
        self._rules: EventBridgeClient = session().client("events", endpoint_url=outputs["EndpointUrl"])
        self._bus = outputs["EventBusName"]
        self._queue = ""
        self.heard: list[dict[str, Any]] = []

    def open(self) -> "Tap":
        """Start to listen. Events that an earlier listener left in the queue are included."""
        self._queue = self._queues.create_queue(QueueName=NAME)["QueueUrl"]
        arn = self._queues.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": ["customers"]})
        self._rules.put_rule(Name=NAME, EventBusName=self._bus, EventPattern=pattern)
        target: Any = {"Id": NAME, "Arn": arn["Attributes"]["QueueArn"]}
        self._rules.put_targets(Rule=NAME, EventBusName=self._bus, Targets=[target])
        return self

    def listen(self) -> list[dict[str, Any]]:
        """All events so far."""
        while messages := self._queues.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            self.heard += [json.loads(message["Body"]) for message in messages]
            # One request for ten messages: a whole run hears thousands.
            done: Any = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)
            ]
            self._queues.delete_message_batch(QueueUrl=self._queue, Entries=done)
        return self.heard

    def breaches(self) -> list[str]:
        """The contract violations in all events so far."""
        details = [event["detail"] for event in self.listen()]
        return [f"{error.message}: {event}" for event in details for error in CONTRACT.iter_errors(event)]

    def events(self, customer_id: str) -> list[dict[str, Any]]:
        """The CloudEvents of one customer so far."""
        return [event["detail"] for event in self.listen() if event["detail"].get("subject") == customer_id]
