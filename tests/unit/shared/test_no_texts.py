"""No text of an exception reaches X-Ray, a log or Lambda's runtime."""

import io
import json
import logging
from collections.abc import Iterator
from traceback import StackSummary
from types import SimpleNamespace
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.entity import Entity
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment

from shared.runtime.invocation import traced
from shared.runtime.observability import logger
from shared.runtime.traces_without_text import EmitterWithoutText

SENTINEL = "ada.lovelace@example.com"
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r")


class Wire:
    """A list in place of the daemon."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send_entity(self, entity: Entity) -> None:
        self.sent.append(entity.serialize())


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(io.StringIO())
    yield handler.stream
    if before:
        handler.setStream(before)


def test_the_recorder_of_every_function_sends_through_it() -> None:
    assert isinstance(xray_recorder.emitter, EmitterWithoutText)


def test_no_text_is_sent_from_any_depth() -> None:
    wire, segment = Wire(), Segment("function")
    outer, inner = Subsegment("outer", "local", segment), Subsegment("inner", "aws", segment)
    segment.add_subsegment(outer)
    outer.add_subsegment(inner)
    for entity in (inner, outer, segment):
        # A new one each, because the SDK replaces an exception that it has recorded by a reference.
        entity.add_exception(ValueError(SENTINEL), StackSummary())
    again = ValueError(SENTINEL)
    inner.add_exception(again, StackSummary())
    outer.add_exception(again, StackSummary())

    EmitterWithoutText(wire).send_entity(segment)

    assert SENTINEL not in wire.sent[0]
    document = json.loads(wire.sent[0])
    assert document["fault"] is True
    assert document["cause"]["exceptions"][0]["type"] == "ValueError"


class Speaks(Exception):
    """An exception with a text of ours."""


def test_an_exception_leaves_a_handler_without_its_text(logged: io.StringIO) -> None:
    @traced(Speaks)
    def handle(event: dict[str, Any], context: Any) -> None:
        raise KeyError(SENTINEL)

    with pytest.raises(Exception, match="log line 'failed'") as raised:
        handle({}, CONTEXT)

    assert type(raised.value).__name__ == "KeyError"
    assert SENTINEL not in str(raised.value)
    assert SENTINEL not in logged.getvalue()
    assert json.loads(logged.getvalue())["error"] == "KeyError"


def test_a_text_for_operators_stays() -> None:
    @traced(Speaks)
    def handle(event: dict[str, Any], context: Any) -> None:
        raise Speaks("Start the rebuild again.")

    with pytest.raises(Speaks, match="Start the rebuild again"):
        handle({}, CONTEXT)
