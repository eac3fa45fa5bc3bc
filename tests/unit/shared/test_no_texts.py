"""No text of an exception reaches X-Ray, a log or Lambda's runtime."""

import io
import json
import logging
from collections.abc import Callable
from traceback import StackSummary
from types import SimpleNamespace
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.entity import Entity
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from botocore.exceptions import ClientError

from shared.runtime.errors import PermanentFailure, TransientFailure
from shared.runtime.invocation import traced, traced_step
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
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    # Not setStream, which flushes the one before: it may be of an earlier run, and closed.
    monkeypatch.setattr(handler, "stream", stream)
    return stream


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


# A step of a state machine.


def step_that_raises(error: Exception) -> Callable[[dict[str, Any], Any], None]:
    @traced_step(Speaks)
    def handle(event: dict[str, Any], context: Any) -> None:
        raise error

    return handle


def test_a_step_ends_with_one_name_at_whatever_no_retry_cures(logged: io.StringIO) -> None:
    with pytest.raises(PermanentFailure, match=r"^KeyError: The log line 'failed'"):
        step_that_raises(KeyError(SENTINEL))({}, CONTEXT)

    assert SENTINEL not in logged.getvalue()
    assert json.loads(logged.getvalue())["error"] == "KeyError"


def test_a_step_passes_a_refusal_s_text_on() -> None:
    with pytest.raises(PermanentFailure, match=r"^Speaks: Start the rebuild again"):
        step_that_raises(Speaks("Start the rebuild again."))({}, CONTEXT)


def test_a_step_keeps_the_name_of_a_failure_that_may_pass(logged: io.StringIO) -> None:
    error = ClientError({"Error": {"Code": "ThrottlingException", "Message": SENTINEL}}, "Query")

    with pytest.raises(Exception, match="log line 'failed'") as raised:
        step_that_raises(error)({}, CONTEXT)

    assert type(raised.value).__name__ == "ClientError"
    assert SENTINEL not in logged.getvalue()


def test_a_step_keeps_the_text_of_our_own_transient_failures() -> None:
    class Busy(TransientFailure):
        pass

    with pytest.raises(Busy, match="2 rows"):
        step_that_raises(Busy("2 rows were not written"))({}, CONTEXT)
