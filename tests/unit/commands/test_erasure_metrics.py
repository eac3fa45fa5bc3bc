"""The metrics of unfinished erasures: sent only while there are any, because each hour with a metric costs money."""

import json
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from events.erasures import UnfinishedErasure
from shared.runtime.clock import timestamp, utc_now

CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r",
    get_remaining_time_in_millis=lambda: 0,
)  # fmt: skip


class Noted:
    """The notes of unfinished erasures."""

    def __init__(self, *noted: UnfinishedErasure) -> None:
        self.noted = noted

    def unfinished(self) -> tuple[UnfinishedErasure, ...]:
        return self.noted


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("EVENT_TABLE", "ERASURES_TABLE", "ERASURE_LOG_TABLE"):
        monkeypatch.setenv(name, "test")
    return import_module("commands.handlers.finish_erasures")


def sent(handler: Any, noted: Noted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    monkeypatch.setattr(handler, "erasures", noted)
    handler.handle({}, CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    return [(line["ErasuresUnfinished"], line["OldestErasure"]) for line in lines]


def test_nothing_is_sent_while_no_erasure_is_unfinished(
    handler: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sent(handler, Noted(), monkeypatch, capsys) == []


def test_the_number_and_the_age_of_unfinished_erasures_are_sent(
    handler: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    since = timestamp(utc_now() - timedelta(hours=1))
    [(number, [age])] = sent(handler, Noted(UnfinishedErasure("c", since)), monkeypatch, capsys)

    assert number == [1.0]
    assert age >= 3600


def test_the_age_of_an_erasure_from_a_clock_ahead_of_ours_is_zero(
    handler: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    since = timestamp(utc_now() + timedelta(hours=1))

    assert sent(handler, Noted(UnfinishedErasure("c", since)), monkeypatch, capsys) == [([1.0], [0.0])]
