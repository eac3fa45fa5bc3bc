"""The service: which mappings run, what it reports, how it ends."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from local.event_source_mapping.announcer import Announcer
from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.checkpoints import CheckpointsUnreadable
from local.event_source_mapping.driver import Ports
from local.event_source_mapping.outcomes import Answer
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import SourceUnavailable
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

PATIENCE = 5.0
POLICY = PollingPolicy(idle_poll=0.001, list_every=0.001, retry_first=0.001)


def entry(uuid: str = "m", **changes: Any) -> dict[str, Any]:
    least = {"UUID": uuid, "EventSourceArn": STREAM, "FunctionArn": FUNCTION, "StartingPosition": "TRIM_HORIZON"}
    return least | {"State": "Disabled"} | changes


class Function:
    """Tells the test when it was invoked, and answers when the test lets it."""

    def __init__(self) -> None:
        self.invoked, self.may_answer = Event(), Event()
        self.may_answer.set()

    def invoke(self, batch: RecordBatch) -> Answer:
        assert batch.records
        self.invoked.set()
        self.may_answer.wait(PATIENCE)
        return SUCCESS


class Stage:
    """A service over fakes; `entries` is what Lambda knows."""

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
        end = time.monotonic() + PATIENCE
        while not reached(status := self.poll()):
            assert time.monotonic() < end, f"never reached: {status}"
        return status

    def _list(self) -> list[Mapping[str, object]]:
        if self.away:
            raise SourceUnavailable("connection refused")
        return self.entries

    def _ports(self, settings: MappingSettings, trouble: Callable[[str, str | None], None]) -> Ports:
        if self.damaged:
            raise CheckpointsUnreadable("m.json is damaged. Delete it.")
        self.made.append(settings)
        return Ports(self.stream, self.function, FakeDestination(), self.checkpoints, SystemClock(), trouble=trouble)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.function.may_answer.set()
    stage.service.shut_down()


def test_a_mapping_runs_although_it_is_disabled_and_its_health_is_in_the_status_file(stage: Stage) -> None:
    stage.poll()
    assert stage.function.invoked.wait(PATIENCE)
    status = stage.poll_until(lambda s: "1" in str(s["mappings"][0]["shards"].get("s", {}).get("last_sequence_number")))
    [mapping] = status["mappings"]
    assert (mapping["uuid"], mapping["function"], mapping["problems"]) == ("m", FUNCTION, [])
    shard = mapping["shards"]["s"]
    assert (shard["seen"], shard["batches"], shard["failures"], shard["behind_seconds"]) == (1, 1, 0, 0)
    assert status["problems"] == []


def test_stopping_finishes_the_invocation_in_flight_and_remembers_it(stage: Stage) -> None:
    stage.function.may_answer.clear()
    stop = Event()
    stage.poll()
    assert stage.function.invoked.wait(PATIENCE)
    stop.set()
    for running in stage.service.running.values():
        running.stop.set()
    stage.function.may_answer.set()
    stage.service.run(stop)
    assert stage.checkpoints.saved["s"].position.order == 1
    assert not any(thread.is_alive() for each in stage.service.running.values() for thread in each.threads)


def test_a_mapping_that_disappears_ends_and_one_that_appears_starts(stage: Stage) -> None:
    stage.poll()
    stage.entries = []
    stage.poll_until(lambda status: status["mappings"] == [])
    stage.entries = [entry("n")]
    assert [each["uuid"] for each in stage.poll()["mappings"]] == ["n"]


def test_a_changed_mapping_starts_again_with_its_new_settings(stage: Stage) -> None:
    stage.poll()
    stage.entries = [entry(BatchSize=7)]
    stage.poll_until(lambda _: len(stage.made) == 2)
    assert [each.batch_size for each in stage.made] == [100, 7]


def test_a_changed_mapping_waits_for_the_invocation_in_flight(stage: Stage) -> None:
    stage.function.may_answer.clear()
    stage.poll()
    assert stage.function.invoked.wait(PATIENCE)
    stage.entries = [entry(BatchSize=7)]
    stage.poll()
    assert len(stage.made) == 1
    stage.function.may_answer.set()
    stage.poll_until(lambda _: len(stage.made) == 2)


def test_mappings_of_other_sources_or_on_their_way_out_are_left_alone(stage: Stage) -> None:
    queue = entry("q", EventSourceArn="arn:aws:sqs:us-east-1:000000000000:queue")
    stage.entries = [queue, entry("d", State="Deleting")]
    assert stage.poll()["mappings"] == []


def test_a_third_mapping_on_a_stream_is_not_run_and_says_why(stage: Stage) -> None:
    stage.entries = [entry("a"), entry("b"), entry("c")]
    status = stage.poll()
    assert [each["uuid"] for each in status["mappings"]] == ["a", "b"]
    assert status["problems"] == [f"c readers: two mappings read {STREAM} already: not run"]


def test_a_mapping_that_cannot_be_read_does_not_stop_the_others(stage: Stage) -> None:
    stage.entries = [entry("bad", BatchSize=0), entry()]
    status = stage.poll()
    assert [each["uuid"] for each in status["mappings"]] == ["m"]
    assert "BatchSize" in status["problems"][0]


def test_damaged_checkpoints_are_reported_and_the_mapping_waits(stage: Stage) -> None:
    stage.damaged = True
    assert stage.poll()["problems"] == ["m checkpoints: m.json is damaged. Delete it."]
    stage.damaged = False
    assert [each["uuid"] for each in stage.poll()["mappings"]] == ["m"]


def test_a_stream_that_is_gone_is_reported_and_forgotten_with_its_mapping(stage: Stage) -> None:
    stage.stream.gone = True
    status = stage.poll_until(lambda status: bool(status["problems"]))
    assert "does not exist any more" in status["problems"][0]
    stage.entries = []
    stage.poll_until(lambda status: status["mappings"] == status["problems"] == [])


def test_a_failing_thread_restarts_its_mapping(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    parents = stage.stream.parents
    stage.stream.parents = None  # type: ignore[assignment]
    stage.poll_until(lambda status: "AttributeError" in str(status["problems"]))
    stage.stream.parents = parents
    stage.poll_until(lambda _: stage.function.invoked.is_set())
    assert "a mapping's thread failed" in caplog.text


def test_lambda_out_of_reach_leaves_running_mappings_alone_and_is_said_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.poll()
    stage.away = True
    stage.poll()
    status = stage.poll()
    assert [each["uuid"] for each in status["mappings"]] == ["m"]
    assert status["problems"] == ["lambda: connection refused"]
    assert caplog.text.count("connection refused") == 1


def test_trouble_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    announce = Announcer()
    for reason in (None, "away", "still away", None, None, "away"):
        announce("stream", reason)
    assert [each.getMessage().split(" (")[0] for each in caplog.records] == [
        "stream: away",
        "stream: works again",
        "stream: away",
    ]
