"""Runs every DynamoDB-stream mapping that Lambda knows, until it is told to stop."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from local.event_source_mapping.announcer import LOG, Announcer
from local.event_source_mapping.checkpoints import CheckpointsUnreadable, write_atomically
from local.event_source_mapping.driver import MappingDriver, Ports, ShardDriver
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import SourceUnavailable, StreamGone
from local.event_source_mapping.settings import MappingSettings, SettingsError, parse_settings, reads_dynamodb

READERS_A_STREAM = 2
STOP_WITHIN = 4.5

Trouble = Callable[[str, str | None], None]
PortsFor = Callable[[MappingSettings, Trouble], Ports]
Entries = Sequence[Mapping[str, object]]


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def within_reader_limit(settings: Sequence[MappingSettings], running: Sequence[str]) -> list[MappingSettings]:
    """At most two mappings per stream; those that run already stay.

    Args:
        settings: All mappings.
        running: UUIDs of those that run.

    Returns:
        DynamoDB docs, "Reading and processing a stream": more than two readers of a shard are throttled.
    """
    kept: list[MappingSettings] = []
    for each in sorted(settings, key=lambda each: each.uuid not in running):
        if sum(other.stream_arn == each.stream_arn for other in kept) < READERS_A_STREAM:
            kept.append(each)
    return kept


@dataclass
class RunningMapping:
    """One mapping's threads: one for its shard tree, one for each shard that is read."""

    settings: MappingSettings
    driver: MappingDriver
    trouble: Trouble
    policy: PollingPolicy
    stop: Event = field(default_factory=Event)
    threads: list[Thread] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def start(self) -> None:
        """Begin."""
        self._spawn(self._tend_tree)

    @property
    def alive(self) -> bool:
        """A thread is left that would go on, so the mapping makes progress."""
        return any(thread.is_alive() for thread in self.threads) and not self.stop.is_set()

    def join(self, until: float) -> bool:
        """Wait for the threads after `stop` was set.

        Args:
            until: Monotonic seconds.

        Returns:
            Whether they all ended.
        """
        with self.lock:
            started = self.threads
        for thread in started:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def status(self, now: float) -> dict[str, object]:
        """Counts for the status file.

        Args:
            now: Seconds since the epoch.
        """
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
        thread = Thread(target=lambda: self._guarded(target), name=f"mapping-{self.settings.uuid}", daemon=True)
        # The tree's thread starts readers as soon as it runs itself: without the lock one of the two could be lost.
        with self.lock:
            thread.start()
            self.threads = [*(each for each in self.threads if each.is_alive()), thread]

    def _guarded(self, target: Callable[[], None]) -> None:
        """A thread that dies must not leave the mapping half alive: the service starts it again as a whole."""
        try:
            target()
        except StreamGone as gone:
            self.trouble("stream", f"it does not exist any more: {gone}")
            self.stop.set()
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is logged and the mapping starts again
            LOG.exception("a mapping's thread failed")
            self.trouble("mapping", repr(bug))
            self.stop.set()

    def _tend_tree(self) -> None:
        while not self.stop.is_set():
            for shard in self.driver.step_tree():
                self._spawn(self._reader(shard))
            # Often enough that the children of a drained shard start without a noticeable gap.
            self.stop.wait(self.policy.idle_poll)

    def _reader(self, shard: ShardDriver) -> Callable[[], None]:
        return lambda: shard.run(self.stop)


class MappingService:
    """Keeps one `RunningMapping` for every mapping that Lambda knows."""

    def __init__(
        self, entries: Callable[[], Entries], ports_for: PortsFor, status: Path, policy: PollingPolicy
    ) -> None:
        """Get ready.

        Args:
            entries: ListEventSourceMappings; raises SourceUnavailable when it cannot be asked.
            ports_for: Makes what one mapping reaches; may raise CheckpointsUnreadable.
            status: The status file; its folder exists.
            policy: Timing and readings of undocumented behaviour.
        """
        self.running: dict[str, RunningMapping] = {}
        self.announce = Announcer()
        self._entries = entries
        self._ports_for = ports_for
        self._status = status
        self._policy = policy

    def run(self, stop: Event) -> None:
        """Poll until `stop` is set, then end everything within five seconds."""
        while not stop.is_set():
            self.poll()
            stop.wait(self._policy.list_every)
        self.shut_down()

    def poll(self) -> None:
        """Bring what runs to what Lambda knows, and report."""
        try:
            entries = self._entries()
        except SourceUnavailable as away:
            self.announce("lambda", str(away))
        else:
            self.announce("lambda", None)
            self._reconcile(self._settings_of(entries))
        self.report()

    def report(self) -> None:
        """Write the status file."""
        now = time.time()
        mappings = [
            each.status(now) | {"problems": self.announce.problems(f"{uuid} ")} for uuid, each in self.running.items()
        ]
        content = {"pid": os.getpid(), "updated_at": now, "mappings": mappings, "problems": self.announce.problems()}
        try:
            write_atomically(self._status, content)
        except OSError as broken:
            self.announce("status file", str(broken))
        else:
            self.announce("status file", None)

    def shut_down(self) -> None:
        """Let every thread finish what it has in flight; what takes longer is delivered again after a restart."""
        until = time.monotonic() + STOP_WITHIN
        for each in self.running.values():
            each.stop.set()
        late = [uuid for uuid, each in self.running.items() if not each.join(until)]
        if late:
            LOG.warning("still busy and left behind, their batches will come again: %s", ", ".join(late))
        self.report()

    def _settings_of(self, entries: Entries) -> list[MappingSettings]:
        found: list[MappingSettings] = []
        for entry in entries:
            if not reads_dynamodb(entry) or entry.get("State") == "Deleting":
                continue
            name = f"{entry.get('UUID')} settings"
            try:
                found.append(parse_settings(entry))
                self.announce(name, None)
            except SettingsError as wrong:
                self.announce(name, str(wrong))
        return found

    def _reconcile(self, settings: Sequence[MappingSettings]) -> None:
        kept = {each.uuid: each for each in within_reader_limit(settings, list(self.running))}
        for each in settings:
            refused = None if each.uuid in kept else f"two mappings read {each.stream_arn} already: not run"
            self.announce(f"{each.uuid} readers", refused)
        for uuid, running in list(self.running.items()):
            if kept.get(uuid) != running.settings or not running.alive:
                self._end(uuid, running)
            if uuid not in {each.uuid for each in settings}:
                self.announce.forget(uuid)
        for uuid, wanted in kept.items():
            if uuid not in self.running:
                self._begin(wanted)

    def _end(self, uuid: str, running: RunningMapping) -> None:
        running.stop.set()
        # While an invocation is in flight, a second reader would break the order per item: look again at the next poll.
        if running.join(time.monotonic()):
            del self.running[uuid]

    def _begin(self, settings: MappingSettings) -> None:
        def trouble(what: str, reason: str | None) -> None:
            self.announce(f"{settings.uuid} {what}", reason)

        try:
            driver = MappingDriver(settings, self._ports_for(settings, trouble), self._policy)
        except CheckpointsUnreadable as damaged:
            trouble("checkpoints", str(damaged))
            return
        self.running[settings.uuid] = RunningMapping(settings, driver, trouble, self._policy)
        self.running[settings.uuid].start()
