"""Runs every DynamoDB stream mapping that Lambda lists, until it is stopped."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, TypeAlias

from local.event_source_mapping.checkpoints import CheckpointsUnreadable, write_atomically
from local.event_source_mapping.driver import MappingDriver, Ports, ShardDriver
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import SourceUnavailable, StreamGone
from local.event_source_mapping.problem_log import LOG, ProblemLog
from local.event_source_mapping.settings import MappingSettings, SettingsError, parse_settings, reads_dynamodb

READERS_PER_STREAM: Final = 2
STOP_WITHIN: Final = 4.5  # seconds

ReportProblem: TypeAlias = Callable[[str, str | None], None]
PortsFor: TypeAlias = Callable[[MappingSettings, ReportProblem], Ports]
Entries: TypeAlias = Sequence[Mapping[str, object]]


class SystemClock:
    """The system's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def within_reader_limit(settings: Sequence[MappingSettings], running: Sequence[str]) -> list[MappingSettings]:
    """Select at most two mappings per stream, running mappings first.

    Source: DynamoDB docs, "Reading and processing a stream": more than two readers of a shard are throttled.

    Args:
        running: UUIDs of the running mappings.
    """
    kept: list[MappingSettings] = []
    for mapping in sorted(settings, key=lambda mapping: mapping.uuid not in running):
        if sum(other.stream_arn == mapping.stream_arn for other in kept) < READERS_PER_STREAM:
            kept.append(mapping)
    return kept


@dataclass
class RunningMapping:
    """One mapping's threads: one for its shard tree and one for each shard that it reads."""

    settings: MappingSettings
    driver: MappingDriver
    report_problem: ReportProblem
    policy: PollingPolicy
    stop: Event = field(default_factory=Event)
    threads: list[Thread] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def start(self) -> None:
        """Start the thread of the shard tree."""
        self._spawn(self._run_tree)

    @property
    def is_alive(self) -> bool:
        """Whether a thread is still running and has not been asked to stop."""
        return any(thread.is_alive() for thread in self.threads) and not self.stop.is_set()

    def join(self, until: float) -> bool:
        """Wait for the threads after `stop` was set, and return whether all have ended.

        Args:
            until: Deadline on the monotonic clock, in seconds.
        """
        with self.lock:
            started = self.threads
        for thread in started:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def status(self, now: float) -> dict[str, object]:
        """The mapping's entry in the status file; `now` is in seconds since the epoch."""
        machines = [shard.machine for shard in list(self.driver.shards.values())]
        return {
            "uuid": self.settings.uuid,
            "function": self.settings.function_arn,
            "stream": self.settings.stream_arn,
            "shards": {
                machine.shard_id: asdict(machine.stats)
                | {
                    "last_sequence_number": machine.checkpoint.position.sequence_number,
                    "behind_seconds": round(machine.behind(now), 3),
                }
                for machine in machines
            },
        }

    def _spawn(self, target: Callable[[], None]) -> None:
        thread = Thread(target=lambda: self._run_guarded(target), name=f"mapping-{self.settings.uuid}", daemon=True)
        # The tree's thread starts readers as soon as it runs. Without the lock, one of the two threads could get lost.
        with self.lock:
            thread.start()
            self.threads = [*(started for started in self.threads if started.is_alive()), thread]

    def _run_guarded(self, target: Callable[[], None]) -> None:
        """Stop the whole mapping if one of its threads fails. The service then restarts it."""
        try:
            target()
        except StreamGone as gone:
            self.report_problem("stream", f"it no longer exists: {gone}")
            self.stop.set()
        except Exception as bug:  # noqa: BLE001 - any error is logged and restarts the mapping
            LOG.exception("a mapping's thread failed")
            self.report_problem("mapping", repr(bug))
            self.stop.set()

    def _run_tree(self) -> None:
        while not self.stop.is_set():
            for shard in self.driver.step_tree():
                self._spawn(self._reader(shard))
            # Short enough that the children of a drained shard start without a noticeable delay.
            self.stop.wait(self.policy.idle_poll)

    def _reader(self, shard: ShardDriver) -> Callable[[], None]:
        return lambda: shard.run(self.stop)


class MappingService:
    """Keeps one `RunningMapping` for every mapping that Lambda lists."""

    def __init__(
        self, entries: Callable[[], Entries], ports_for: PortsFor, status: Path, policy: PollingPolicy
    ) -> None:
        """Create a service without running mappings.

        Args:
            entries: Calls ListEventSourceMappings. It may raise SourceUnavailable.
            ports_for: Makes the ports of one mapping. It may raise CheckpointsUnreadable.
            status: The status file, in an existing folder.
            policy: Timing, and assumptions about undocumented behaviour.
        """
        self.running: dict[str, RunningMapping] = {}
        self.problems = ProblemLog()
        self._entries = entries
        self._ports_for = ports_for
        self._status = status
        self._policy = policy

    def run(self, stop: Event) -> None:
        """Poll until `stop` is set, then stop every mapping within five seconds."""
        while not stop.is_set():
            self.poll()
            stop.wait(self._policy.list_every)
        self.shut_down()

    def poll(self) -> None:
        """Start and stop mappings to match Lambda's list, then write the status file."""
        try:
            entries = self._entries()
        except SourceUnavailable as error:
            self.problems.report("lambda", str(error))
        else:
            self.problems.report("lambda", None)
            self._reconcile(self._settings_of(entries))
        self.report()

    def report(self) -> None:
        """Write the status file."""
        now = time.time()
        mappings = [
            mapping.status(now) | {"problems": self.problems.current(f"{uuid} ")}
            for uuid, mapping in self.running.items()
        ]
        content = {"pid": os.getpid(), "updated_at": now, "mappings": mappings, "problems": self.problems.current()}
        try:
            write_atomically(self._status, content)
        except OSError as error:
            self.problems.report("status file", str(error))
        else:
            self.problems.report("status file", None)

    def shut_down(self) -> None:
        """Let every thread finish its work in flight. Work that takes longer is delivered again after a restart."""
        until = time.monotonic() + STOP_WITHIN
        for mapping in self.running.values():
            mapping.stop.set()
        late = [uuid for uuid, mapping in self.running.items() if not mapping.join(until)]
        if late:
            LOG.warning("still busy, so their batches will be delivered again: %s", ", ".join(late))
        self.report()

    def _settings_of(self, entries: Entries) -> list[MappingSettings]:
        found: list[MappingSettings] = []
        for entry in entries:
            if not reads_dynamodb(entry) or entry.get("State") == "Deleting":
                continue
            subject = f"{entry.get('UUID')} settings"
            try:
                found.append(parse_settings(entry))
                self.problems.report(subject, None)
            except SettingsError as error:
                self.problems.report(subject, str(error))
        return found

    def _reconcile(self, settings: Sequence[MappingSettings]) -> None:
        kept = {mapping.uuid: mapping for mapping in within_reader_limit(settings, list(self.running))}
        for mapping in settings:
            reason = None if mapping.uuid in kept else f"not run: two mappings already read {mapping.stream_arn}"
            self.problems.report(f"{mapping.uuid} readers", reason)
        for uuid, running in list(self.running.items()):
            if kept.get(uuid) != running.settings or not running.is_alive:
                self._stop(uuid, running)
            if uuid not in {mapping.uuid for mapping in settings}:
                self.problems.forget(uuid)
        for uuid, mapping in kept.items():
            if uuid not in self.running:
                self._start(mapping)

    def _stop(self, uuid: str, running: RunningMapping) -> None:
        running.stop.set()
        # A second reader would break the order per item while an invocation is in flight, so wait for the next poll.
        if running.join(time.monotonic()):
            del self.running[uuid]

    def _start(self, settings: MappingSettings) -> None:
        def report_problem(subject: str, reason: str | None) -> None:
            self.problems.report(f"{settings.uuid} {subject}", reason)

        try:
            driver = MappingDriver(settings, self._ports_for(settings, report_problem), self._policy)
        except CheckpointsUnreadable as damaged:
            report_problem("checkpoints", str(damaged))
            return
        self.running[settings.uuid] = RunningMapping(settings, driver, report_problem, self._policy)
        self.running[settings.uuid].start()
