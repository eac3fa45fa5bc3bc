"""For teams that consume the events of the Customers API: read them, handle each once, in order, and keep dead letters.

It imports nothing but the standard library; you hand it the boto3 clients.
"""

from consumer_kit.consumer import Consumer, HeldEventFailed, Outcome, Reaction, UnknownSchema
from consumer_kit.dead_letters import DeadLetter, DeadLetters
from consumer_kit.event import CREATED, ERASED, REDACTED, UPDATED, Event, Rejected
from consumer_kit.inbox import DynamoDbInbox, Effect, Inbox, Outrun, Waiting
from consumer_kit.ordering import Decision, Policy, State, TooManyHeld, decide
from consumer_kit.parsing import NotAnEvent, from_cloud_event, from_event_bridge, from_sqs, from_stream
from consumer_kit.sqs import Batch, handle_batch

__all__ = [
    "CREATED",
    "ERASED",
    "REDACTED",
    "UPDATED",
    "Batch",
    "Consumer",
    "DeadLetter",
    "DeadLetters",
    "Decision",
    "DynamoDbInbox",
    "Effect",
    "Event",
    "HeldEventFailed",
    "Inbox",
    "NotAnEvent",
    "Outcome",
    "Outrun",
    "Policy",
    "Reaction",
    "Rejected",
    "State",
    "TooManyHeld",
    "UnknownSchema",
    "Waiting",
    "decide",
    "from_cloud_event",
    "from_event_bridge",
    "from_sqs",
    "from_stream",
    "handle_batch",
]
