"""The event stream as an AsyncAPI document.

https://www.asyncapi.com/docs/reference/specification/v3.1.0
"""

from typing import Any, Final

from contracts.events.examples import examples
from contracts.events.schemas import event_schema
from contracts.project import contact, license_url, project
from events.customer import CustomerEvent
from local.template import load_template
from publisher.cloud_event import PUBLISHED
from publisher.entries import SOURCE

Json = dict[str, Any]


_SIGNATURE: Final[Json] = {
    "type": "http",
    "scheme": "AWS4-HMAC-SHA256",
    "description": "AWS Signature Version 4. In the account of the bus IAM allows a rule on it; another account "
    "needs the bus's policy too.",
}


def asyncapi_document() -> Json:
    """Return the description of the event bus and its messages."""
    names, shown = [model.type() for model in PUBLISHED], examples()
    return {
        "asyncapi": "3.1.0",
        "info": _info(),
        "defaultContentType": "application/cloudevents+json",
        "servers": {"eventBridge": _server()},
        "channels": {"customers": _channel(names)},
        "operations": {"publishEvents": _operation(names)},
        "components": {
            "messages": {model.type(): _message(model, shown[model.type()]) for model in PUBLISHED},
            "schemas": {model.type(): event_schema(model) for model in PUBLISHED},
            "securitySchemes": {"signature": _SIGNATURE},
        },
    }


def _info() -> Json:
    known = project()
    return {
        "title": "Customers events",
        "version": known["version"],
        "description": "Every event of every customer, published to an EventBridge bus as a CloudEvent 1.0 in "
        "structured mode. Delivery is at least once and unordered: drop duplicates by `id`, and order events by "
        "`epoch`, which is 1 if absent, then by `sequence`.",
        "contact": {**contact(), "url": known["urls"]["Documentation"]},
        "license": {"name": known["license"], "url": license_url()},
        "tags": [{"name": "customers", "description": "The customers of the shop."}],
    }


def _server() -> Json:
    return {
        "host": "events.{region}.amazonaws.com",
        "protocol": "https",
        "description": "Amazon EventBridge in the region of the stack. A consumer does not connect to it: a rule on "
        "the bus sends the events to a queue, a function or another bus.",
        "variables": {"region": {"description": "The AWS region of the stack.", "examples": ["eu-west-1"]}},
        "security": [{"$ref": "#/components/securitySchemes/signature"}],
    }


def _channel(names: list[str]) -> Json:
    stage = load_template()["Parameters"]["Stage"]
    return {
        "address": "{stage}-customers",
        "servers": [{"$ref": "#/servers/eventBridge"}],
        "title": "Event bus",
        "description": "An EventBridge bus. The CloudEvent is the `detail` of the event that a rule's target receives.",
        "parameters": {
            "stage": {
                "description": "The stage of the stack: 1 to 16 lower-case letters and digits.",
                "examples": [stage["Default"], "production"],
            }
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(names: list[str]) -> Json:
    return {
        "action": "send",
        "summary": "Publish an event of a customer.",
        "description": "Every event is published at least once. A team receives it by a rule on the bus with a target "
        "of its own, usually a queue.",
        "security": [{"$ref": "#/components/securitySchemes/signature"}],
        "channel": {"$ref": "#/channels/customers"},
        "messages": [{"$ref": f"#/channels/customers/messages/{name}"} for name in names],
    }


def _message(model: type[CustomerEvent], example: Json) -> Json:
    name = model.type()
    return {
        "name": name,
        "summary": (model.__doc__ or "").strip(),
        "contentType": "application/cloudevents+json",
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "examples": [{"name": name, "payload": example}],
        "x-eventbridge": {"source": SOURCE, "detail-type": name},
    }
