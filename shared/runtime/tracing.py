"""Traces that go on where the stream breaks them.

An invocation by the stream begins a trace of its own, for a whole batch. So that one request can be followed to its
end, each event carries the trace and the segment in which it was decided, and whoever handles the event later adds a
segment to that trace, besides the marks in its own.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Final

from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.segment import Segment

from shared.runtime.observability import tracer

# Texts and whole numbers; the libraries' types know no number that int is one of.
Marks = Mapping[str, Any]

_ROOT: Final = "Root"


def current() -> tuple[str, str]:
    """Where this invocation stands in X-Ray, as Lambda tells it anew each time.

    Returns:
        The trace, or an empty text; and the function's segment in it, which is empty when nothing is recorded.
    """
    parts = dict(part.partition("=")[::2] for part in os.environ.get("_X_AMZN_TRACE_ID", "").split(";"))
    recorded = parts.get("Sampled") == "1"
    return parts.get(_ROOT, ""), parts.get("Parent", "") if recorded else ""


def marks(customer_id: str, version: int, kind: str) -> dict[str, Any]:
    """What an event is found by in X-Ray; nobody is named there.

    Args:
        customer_id: Whose event; kept as a hash.
        version: Its place among their events.
        kind: The event's type.
    """
    return {
        "customer": hashlib.sha256(customer_id.encode()).hexdigest()[:32],
        "version": version,
        "event_type": kind,
    }


def mark(found_by: Marks) -> None:
    """Annotate this invocation's own trace."""
    for name, value in found_by.items():
        tracer.put_annotation(name, value)


def go_on(name: str, trace_id: str, segment_id: str, began: float, found_by: Marks) -> None:
    """Say in both traces that an event was handled: a subsegment here, and a segment where the event was decided.

    Args:
        name: What was done, as the trace map shall show it.
        trace_id: The trace that the event carries, or an empty text.
        segment_id: The segment that it carries; empty if that trace was not recorded, which is then left alone.
        began: When the work on it began, in seconds since the epoch. It ends now.
        found_by: Annotations of both.
    """
    with tracer.provider.in_subsegment(f"## {name}") as here:
        for each, value in {**found_by, "event_trace": trace_id}.items():
            here.put_annotation(each, value)
    if not segment_id or not global_sdk_config.sdk_enabled():
        return
    there = Segment(name, traceid=trace_id, parent_id=segment_id)
    there.start_time = began
    for each, value in {**found_by, "batch_trace": current()[0]}.items():
        there.put_annotation(each, value)
    there.close()
    xray_recorder.emitter.send_entity(there)
