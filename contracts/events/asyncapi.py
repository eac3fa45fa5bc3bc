"""The event stream as an AsyncAPI document.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import tomllib
from typing import Any

from contracts.events.examples import examples
from contracts.events.schemas import event_schema
from events.customer import CustomerEvent
from local.environments import ROOT
from local.template import load_template
from publisher.cloud_event import PUBLISHED
from publisher.entries import SOURCE

Json = dict[str, Any]


def asyncapi_document() -> Json:
    """Return the description of the event bus and its messages."""
    names, shown = [model.type() for model in PUBLISHED], examples()
    return {
        "asyncapi": "3.0.0",
        "info": _info(),
        "defaultContentType": "application/cloudevents+json",
        "channels": {"customers": _channel(names)},
        "operations": {"publishEvents": _operation(names)},
        "components": {
            "messages": {model.type(): _message(model, shown[model.type()]) for model in PUBLISHED},
            "schemas": {model.type(): event_schema(model) for model in PUBLISHED},
        },
    }


def _info() -> Json:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "title": "Customers events",
        "version": project["version"],
        "description": "Every event of every customer, published to an EventBridge bus as a CloudEvent 1.0 in "
        "structured mode. Delivery is at least once and unordered: drop duplicates by `id`, and order events by "
        "`epoch`, which is 1 if absent, then by `sequence`.",
        "license": {"name": project["license"]},
    }


def _channel(names: list[str]) -> Json:
    stage = load_template()["Parameters"]["Stage"]
    return {
        "address": "{stage}-customers",
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
