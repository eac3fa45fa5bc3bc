"""Consume the events of the Customers API: parse them, handle each one once and in order, and manage dead letters.

The package needs nothing but the standard library. You pass in the boto3 clients.
"""

from consumer_kit.consumer import Consumer, EventResult, HeldEventFailed, Reaction, UnknownSchema
from consumer_kit.dead_letters import DeadLetter, DeadLetters
from consumer_kit.dynamodb_inbox import DynamoDbInbox
from consumer_kit.event import CREATED, ERASED, ERASING, FIRST_EPOCH, REDACTED, UPDATED, PublishedEvent, Rejected
from consumer_kit.inbox import Effect, Inbox, InboxConflict, MissingEvent
from consumer_kit.ordering import Action, CannotSkip, CustomerState, GapPolicy, TooManyHeld, decide
from consumer_kit.parsing import NotAnEvent, from_cloud_event, from_event_bridge, from_sqs, from_stream
from consumer_kit.skipping import skip, to_message
from consumer_kit.sqs import MAX_RECEIVES, BatchResult, handle_batch

__version__ = "0.4.0"

__all__ = [
    "CREATED",
    "ERASED",
    "ERASING",
    "FIRST_EPOCH",
    "MAX_RECEIVES",
    "REDACTED",
    "UPDATED",
    "Action",
    "BatchResult",
    "CannotSkip",
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
    "skip",
    "to_message",
]
