"""Carries the core's actions out over the ports, one at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from local.event_source_mapping.actions import (
    Fetch,
    Invoke,
    ListShards,
    SaveCheckpoint,
    SendToDestination,
    ShardAction,
    Wait,
)
from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.outcomes import Answer, InvokeFailed
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import CheckpointStore, Clock, Destination, Invoker, SourceUnavailable, Stream
from local.event_source_mapping.positions import ShardCheckpoint
from local.event_source_mapping.settings import MappingSettings
from local.event_source_mapping.shard import ShardMachine
from local.event_source_mapping.shards import ShardTree


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a mapping reaches.

    Attributes:
        redeliver: Asked after every answer of the function: should the batch be delivered once more, although it was
            answered? AWS may do that at any time (rule 7).
        trouble: Told the reason when something cannot be reached, and None when it can again.
    """

    stream: Stream
    invoker: Invoker
    destination: Destination
    checkpoints: CheckpointStore
    clock: Clock
    redeliver: Callable[[RecordBatch], bool] = lambda _: False
    trouble: Callable[[str, str | None], None] = lambda _what, _reason: None


class ShardDriver:
    """Runs one shard's machine."""

    def __init__(self, machine: ShardMachine, ports: Ports) -> None:
        self.machine = machine
        self._ports = ports

    @property
    def done(self) -> bool:
        """The shard is drained and its last checkpoint saved."""
        return self.machine.checkpoint.done

    def step(self) -> ShardAction:
        """Carry out the next action and report its outcome.

        Returns:
            The action; a `Wait` or `ShardDone` has changed nothing.

        Raises:
            StreamGone: The stream does not exist any more.
        """
        action = self.machine.next_action(self._now())
        match action:
            case Fetch():
                self._fetch(action)
            case Invoke():
                self._invoke(action.batch)
            case SendToDestination():
                self._send(action)
            case SaveCheckpoint():
                self._save(action)
        return action

    def run(self, stop: Event) -> None:
        """Step until the shard is done or `stop` is set; what was in flight is finished and remembered.

        Raises:
            StreamGone: The stream does not exist any more.
        """
        while not stop.is_set() and not self.done:
            action = self.step()
            if isinstance(action, Wait):
                stop.wait(max(0.0, action.until - self._now()))
        self.settle()

    def settle(self) -> None:
        """Remember what is done, before leaving."""
        if isinstance(self.machine.next_action(self._now()), SaveCheckpoint):
            self.step()

    def _now(self) -> float:
        return self._ports.clock.now()

    def _fetch(self, action: Fetch) -> None:
        try:
            page = self._ports.stream.get_records(action.shard_id, action.position)
        except SourceUnavailable as away:
            self._ports.trouble("stream", str(away))
            self.machine.on_fetch_failed(self._now())
        else:
            self._ports.trouble("stream", None)
            self.machine.on_records(page, self._now())

    def _invoke(self, batch: RecordBatch) -> None:
        answer = self._ports.invoker.invoke(batch)
        if not isinstance(answer, InvokeFailed) and self._ports.redeliver(batch):
            answer = self._once_more(batch, answer)
        self._ports.trouble("function", answer.reason if isinstance(answer, InvokeFailed) else None)
        self.machine.on_answer(answer, self._now())

    def _once_more(self, batch: RecordBatch, answer: Answer) -> Answer:
        again = self._ports.invoker.invoke(batch)
        return answer if isinstance(again, InvokeFailed) else again

    def _send(self, action: SendToDestination) -> None:
        try:
            self._ports.destination.send(action.destination, action.document)
        except SourceUnavailable as away:
            self._ports.trouble("destination", str(away))
            self.machine.on_send_failed(self._now())
        else:
            self._ports.trouble("destination", None)
            self.machine.on_sent(self._now())

    def _save(self, action: SaveCheckpoint) -> None:
        try:
            self._ports.checkpoints.save(action.shard_id, action.checkpoint)
        except OSError as broken:
            self._ports.trouble("checkpoints", str(broken))
            self.machine.on_save_failed(self._now())
        else:
            self._ports.trouble("checkpoints", None)
            self.machine.on_saved(action.checkpoint)


class MappingDriver:
    """Runs a whole mapping: its shard tree and the shards that may be read.

    Single-threaded through `step` and `run`; a service that gives each shard a thread calls `step_tree` in one and
    runs what it returns in others.
    """

    def __init__(self, settings: MappingSettings, ports: Ports, policy: PollingPolicy | None = None) -> None:
        """Load the checkpoints and get ready.

        Args:
            settings: The mapping's.
            ports: What it reaches.
            policy: Timing and readings of undocumented behaviour.
        """
        self.shards: dict[str, ShardDriver] = {}
        self._settings = settings
        self._ports = ports
        self._policy = policy or PollingPolicy()
        self._tree = ShardTree(settings.starting_position, ports.checkpoints.load(), self._policy)

    def step(self) -> float:
        """One step of the tree and one of each running shard.

        Returns:
            Seconds since the epoch when there is something to do again.

        Raises:
            StreamGone: The stream does not exist any more.
        """
        self.step_tree()
        actions = [driver.step() for driver in list(self.shards.values())]
        dues = [action.until for action in actions if isinstance(action, Wait)]
        busy = len(dues) < len(actions)
        return self._ports.clock.now() if busy else min([self._tree_due(), *dues])

    def run(self, stop: Event) -> None:
        """Step until `stop` is set.

        Raises:
            StreamGone: The stream does not exist any more.
        """
        while not stop.is_set():
            stop.wait(max(0.0, self.step() - self._ports.clock.now()))
        for driver in self.shards.values():
            driver.settle()

    def step_tree(self) -> list[ShardDriver]:
        """Look at the shards if it is time, and take note of those that are drained.

        Returns:
            The drivers of shards that may run from now on.

        Raises:
            StreamGone: The stream does not exist any more.
        """
        now = self._ports.clock.now()
        for shard_id in [shard_id for shard_id, driver in self.shards.items() if driver.done]:
            self._tree.done(shard_id, self.shards.pop(shard_id).machine.checkpoint, now)
        action = self._tree.next_action(now)
        while not isinstance(action, Wait):
            self._carry_out(action)
            action = self._tree.next_action(now)
        return [self._start(shard_id, start) for shard_id, start in self._tree.ready()]

    def _tree_due(self) -> float:
        action = self._tree.next_action(self._ports.clock.now())
        return action.until if isinstance(action, Wait) else self._ports.clock.now()

    def _start(self, shard_id: str, checkpoint: ShardCheckpoint) -> ShardDriver:
        driver = ShardDriver(ShardMachine(shard_id, self._settings, checkpoint, self._policy), self._ports)
        self._tree.started(shard_id)
        self.shards[shard_id] = driver
        return driver

    def _carry_out(self, action: ListShards | SaveCheckpoint) -> None:
        try:
            if isinstance(action, ListShards):
                shards = self._ports.stream.list_shards()
                self._ports.trouble("stream", None)
                self._tree.on_shards(shards, self._ports.clock.now())
            else:
                self._ports.checkpoints.save(action.shard_id, action.checkpoint)
                self._tree.on_saved(action.shard_id, action.checkpoint)
        except SourceUnavailable as away:
            self._ports.trouble("stream", str(away))
            self._tree.on_list_failed(self._ports.clock.now())
        except OSError as broken:
            self._ports.trouble("checkpoints", str(broken))
            self._tree.on_save_failed(self._ports.clock.now())
