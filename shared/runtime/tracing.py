"""Continues a trace across the stream.

The event source mapping starts a new trace for each batch. To follow one request to its end, each event carries the
trace and the segment of its command, and every later step adds a segment to that trace besides its own.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from collections.abc import Mapping
from typing import Any

from aws_xray_sdk import global_sdk_config

from shared.runtime.observability import describe, logger, tracer
from shared.runtime.trace_header import current_trace
from shared.runtime.xray import Segment, xray_recorder

# Strings and integers. The libraries' own types exclude int.
Annotations = Mapping[str, Any]


def annotate(annotations: Annotations) -> None:
    """Add annotations to this invocation's own trace."""
    for name, value in annotations.items():
        tracer.put_annotation(name, value)


def continue_trace(name: str, trace_id: str, segment_id: str, started_at: float, annotations: Annotations) -> None:
    """Record in both traces that an event was handled: a subsegment in this one, a segment in the event's.

    The event is handled already. So a failure to record it is logged and not raised: the mapping would deliver the
    event again, with the same end.

    Args:
        name: The name of the step in the trace map.
        trace_id: The trace that the event carries, or an empty string.
        segment_id: The segment that the event carries; empty if its trace is not recorded, which then gets no segment.
        started_at: When the work on the event started, in seconds since the epoch. It ends now.
        annotations: Annotations for both.
    """
    try:
        _continue(name, trace_id, segment_id, started_at, annotations)
    except Exception as error:  # noqa: BLE001 - see above
        logger.warning("not traced", extra=describe(error))


def _continue(name: str, trace_id: str, segment_id: str, started_at: float, annotations: Annotations) -> None:
    with tracer.provider.in_subsegment(f"## {name}") as subsegment:
        for key, value in {**annotations, "event_trace": trace_id}.items():
            subsegment.put_annotation(key, value)
    if not segment_id or not global_sdk_config.sdk_enabled():
        return
    segment = Segment(name, traceid=trace_id, parent_id=segment_id)
    segment.start_time = started_at
    for key, value in {**annotations, "batch_trace": current_trace()[0]}.items():
        segment.put_annotation(key, value)
    segment.close()
    xray_recorder.emitter.send_entity(segment)
