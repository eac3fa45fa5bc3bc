"""The service: which mappings it runs, what it reports and how it stops."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.checkpoints import CheckpointsUnreadable
from local.event_source_mapping.driver import Ports
from local.event_source_mapping.outcomes import InvokeResult
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import SourceUnavailable
from local.event_source_mapping.problem_log import ProblemLog
from local.event_source_mapping.service import MappingService, SystemClock
from local.event_source_mapping.settings import MappingSettings
from tests.unit.event_source_mapping.fakes import (
    FUNCTION,
    STREAM,
    SUCCESS,
    FakeCheckpoints,
    FakeDestination,
    FakeStream,
    record,
)

TIMEOUT = 5.0
POLICY = PollingPolicy(idle_poll=0.001, list_every=0.001, retry_first=0.001)


def entry(uuid: str = "m", **changes: Any) -> dict[str, Any]:
    least = {"UUID": uuid, "EventSourceArn": STREAM, "FunctionArn": FUNCTION, "StartingPosition": "TRIM_HORIZON"}
    return least | {"State": "Disabled"} | changes


class Function:
    """Signals that it was invoked, and returns once the test allows it."""

    def __init__(self) -> None:
        self.invoked, self.may_return = Event(), Event()
        self.may_return.set()

    def invoke(self, batch: RecordBatch) -> InvokeResult:
        assert batch.records
        self.invoked.set()
        self.may_return.wait(TIMEOUT)
        return SUCCESS


class Stage:
    """A service with fake ports; `entries` are the mappings that Lambda lists."""

    def __init__(self, folder: Path) -> None:
        self.entries: list[Mapping[str, object]] = [entry()]
        self.away = self.damaged = False
        self.function, self.stream, self.checkpoints = (
            Function(),
            FakeStream(s=[record(1, arrived=time.time())]),
            FakeCheckpoints(),
        )
        self.made: list[MappingSettings] = []
        self.file = folder / "status.json"
        self.service = MappingService(self._list, self._ports, self.file, POLICY)

    def poll(self) -> dict[str, Any]:
        self.service.poll()
        content: dict[str, Any] = json.loads(self.file.read_text())
        return content

    def poll_until(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        end = time.monotonic() + TIMEOUT
        while not reached(status := self.poll()):
            assert time.monotonic() < end, f"the expected status was never reached: {status}"
        return status

    def _list(self) -> list[Mapping[str, object]]:
        if self.away:
            raise SourceUnavailable("connection refused")
        return self.entries

    def _ports(self, settings: MappingSettings, report_problem: Callable[[str, str | None], None]) -> Ports:
        if self.damaged:
            raise CheckpointsUnreadable("m.json is damaged. Delete it.")
        self.made.append(settings)
        return Ports(
            self.stream,
            self.function,
            FakeDestination(),
            self.checkpoints,
            SystemClock(),
            report_problem=report_problem,
        )


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.function.may_return.set()
    stage.service.shut_down()


def test_a_disabled_mapping_runs_and_appears_in_the_status_file(stage: Stage) -> None:
    stage.poll()
    assert stage.function.invoked.wait(TIMEOUT)
    status = stage.poll_until(lambda s: "1" in str(s["mappings"][0]["shards"].get("s", {}).get("last_sequence_number")))
    [mapping] = status["mappings"]
    assert (mapping["uuid"], mapping["function"], mapping["problems"]) == ("m", FUNCTION, [])
    shard = mapping["shards"]["s"]
    assert (shard["seen"], shard["batches"], shard["failures"], shard["behind_seconds"]) == (1, 1, 0, 0)
    assert status["problems"] == []


def test_stopping_finishes_the_invocation_in_flight_and_saves_its_checkpoint(stage: Stage) -> None:
    stage.function.may_return.clear()
    stop = Event()
    stage.poll()
    assert stage.function.invoked.wait(TIMEOUT)
    stop.set()
    for running in stage.service.running.values():
        running.stop.set()
    stage.function.may_return.set()
    stage.service.run(stop)
    assert stage.checkpoints.saved["s"].position.order == 1
    assert not any(thread.is_alive() for mapping in stage.service.running.values() for thread in mapping.threads)


def test_a_deleted_mapping_stops_and_a_new_one_starts(stage: Stage) -> None:
    stage.poll()
    stage.entries = []
    stage.poll_until(lambda status: status["mappings"] == [])
    stage.entries = [entry("n")]
    assert [mapping["uuid"] for mapping in stage.poll()["mappings"]] == ["n"]


def test_a_changed_mapping_restarts_with_its_new_settings(stage: Stage) -> None:
    stage.poll()
    stage.entries = [entry(BatchSize=7)]
    stage.poll_until(lambda _: len(stage.made) == 2)
    assert [settings.batch_size for settings in stage.made] == [100, 7]


def test_a_changed_mapping_waits_for_the_invocation_in_flight(stage: Stage) -> None:
    stage.function.may_return.clear()
    stage.poll()
    assert stage.function.invoked.wait(TIMEOUT)
    stage.entries = [entry(BatchSize=7)]
    stage.poll()
    assert len(stage.made) == 1
    stage.function.may_return.set()
    stage.poll_until(lambda _: len(stage.made) == 2)


def test_mappings_of_other_sources_and_deleted_mappings_are_ignored(stage: Stage) -> None:
    queue = entry("q", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:queue")
    stage.entries = [queue, entry("d", State="Deleting")]
    assert stage.poll()["mappings"] == []


def test_a_third_mapping_of_a_stream_is_not_run_and_reported(stage: Stage) -> None:
    stage.entries = [entry("a"), entry("b"), entry("c")]
    status = stage.poll()
    assert [mapping["uuid"] for mapping in status["mappings"]] == ["a", "b"]
    assert status["problems"] == [f"c readers: not run: two mappings already read {STREAM}"]


def test_a_mapping_with_bad_settings_does_not_stop_the_others(stage: Stage) -> None:
    stage.entries = [entry("bad", BatchSize=0), entry()]
    status = stage.poll()
    assert [mapping["uuid"] for mapping in status["mappings"]] == ["m"]
    assert "BatchSize" in status["problems"][0]


def test_damaged_checkpoints_are_reported_and_the_mapping_waits(stage: Stage) -> None:
    stage.damaged = True
    assert stage.poll()["problems"] == ["m checkpoints: m.json is damaged. Delete it."]
    stage.damaged = False
    assert [mapping["uuid"] for mapping in stage.poll()["mappings"]] == ["m"]


def test_a_deleted_stream_is_reported_until_its_mapping_is_deleted(stage: Stage) -> None:
    stage.stream.gone = True
    status = stage.poll_until(lambda status: bool(status["problems"]))
    assert "no longer exists" in status["problems"][0]
    stage.entries = []
    stage.poll_until(lambda status: status["mappings"] == status["problems"] == [])


def test_a_failing_thread_restarts_its_mapping(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    parents = stage.stream.parents
    stage.stream.parents = None  # type: ignore[assignment]
    stage.poll_until(lambda status: "AttributeError" in str(status["problems"]))
    stage.stream.parents = parents
    stage.poll_until(lambda _: stage.function.invoked.is_set())
    assert "a mapping's thread failed" in caplog.text


def test_while_lambda_is_unreachable_mappings_keep_running_and_one_line_is_logged(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.poll()
    stage.away = True
    stage.poll()
    status = stage.poll()
    assert [mapping["uuid"] for mapping in status["mappings"]] == ["m"]
    assert status["problems"] == ["lambda: connection refused"]
    assert caplog.text.count("connection refused") == 1


def test_a_problem_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    problems = ProblemLog()
    for reason in (None, "timeout", "refused", None, None, "timeout"):
        problems.report("stream", reason)
    assert [line.getMessage().split(" (")[0] for line in caplog.records] == [
        "stream: timeout",
        "stream: works again",
        "stream: timeout",
    ]
