"""For teams that consume the events of the Customers API: read them, handle each once, in order, and keep dead letters.

It imports nothing but the standard library; you hand it the boto3 clients.
"""

from consumer_kit.consumer import Consumer, EventResult, HeldEventFailed, Reaction, UnknownSchema
from consumer_kit.dead_letters import DeadLetter, DeadLetters
from consumer_kit.event import CREATED, ERASED, REDACTED, UPDATED, PublishedEvent, Rejected
from consumer_kit.inbox import DynamoDbInbox, Effect, Inbox, InboxConflict, MissingEvent
from consumer_kit.ordering import Action, CustomerState, GapPolicy, TooManyHeld, decide
from consumer_kit.parsing import NotAnEvent, from_cloud_event, from_event_bridge, from_sqs, from_stream
from consumer_kit.sqs import BatchResult, handle_batch

__all__ = [
    "CREATED",
    "ERASED",
    "REDACTED",
    "UPDATED",
    "Action",
    "BatchResult",
    "Consumer",
    "CustomerState",
    "DeadLetter",
    "DeadLetters",
    "DynamoDbInbox",
    "Effect",
    "EventResult",
    "GapPolicy",
    "HeldEventFailed",
    "Inbox",
    "InboxConflict",
    "MissingEvent",
    "NotAnEvent",
    "PublishedEvent",
    "Reaction",
    "Rejected",
    "TooManyHeld",
    "UnknownSchema",
    "decide",
    "from_cloud_event",
    "from_event_bridge",
    "from_sqs",
    "from_stream",
    "handle_batch",
]
