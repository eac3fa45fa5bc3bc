"""Executes the core's actions through the ports, one at a time."""

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
from local.event_source_mapping.outcomes import InvokeFailed, InvokeResult
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import CheckpointStore, Destination, Invoker, SourceUnavailable, Stream, WallClock
from local.event_source_mapping.positions import ShardCheckpoint
from local.event_source_mapping.settings import MappingSettings
from local.event_source_mapping.shard import ShardMachine
from local.event_source_mapping.shards import ShardTree


@dataclass(frozen=True, slots=True)
class Ports:
    """The services that a mapping uses.

    Attributes:
        redeliver: Called after every response of the function. True delivers the batch once more, which AWS may do at
            any time (rule 7).
        report_problem: Called with a service and the reason why it cannot be reached, or None once it can.
    """

    stream: Stream
    invoker: Invoker
    destination: Destination
    checkpoints: CheckpointStore
    clock: WallClock
    redeliver: Callable[[RecordBatch], bool] = lambda _: False
    report_problem: Callable[[str, str | None], None] = lambda _subject, _reason: None


class ShardDriver:
    """Runs one shard's state machine."""

    def __init__(self, machine: ShardMachine, ports: Ports) -> None:
        self.machine = machine
        self._ports = ports

    @property
    def done(self) -> bool:
        """Whether the shard is drained and its last checkpoint is saved."""
        return self.machine.checkpoint.done

    def step(self) -> ShardAction:
        """Execute the next action and report its outcome to the machine.

        Returns:
            The action. `Wait` and `ShardDone` have no effect.

        Raises:
            StreamGone: The stream no longer exists.
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
        """Step until the shard is done or `stop` is set. Work in flight is finished and saved.

        Raises:
            StreamGone: The stream no longer exists.
        """
        while not stop.is_set() and not self.done:
            action = self.step()
            if isinstance(action, Wait):
                stop.wait(max(0.0, action.until - self._now()))
        self.settle()

    def settle(self) -> None:
        """Save the progress before stopping."""
        if isinstance(self.machine.next_action(self._now()), SaveCheckpoint):
            self.step()

    def _now(self) -> float:
        return self._ports.clock.now()

    def _fetch(self, action: Fetch) -> None:
        try:
            page = self._ports.stream.get_records(action.shard_id, action.position)
        except SourceUnavailable as error:
            self._ports.report_problem("stream", str(error))
            self.machine.on_fetch_failed(self._now())
        else:
            self._ports.report_problem("stream", None)
            self.machine.on_records(page, self._now())

    def _invoke(self, batch: RecordBatch) -> None:
        result = self._ports.invoker.invoke(batch)
        if not isinstance(result, InvokeFailed) and self._ports.redeliver(batch):
            result = self._invoke_again(batch, result)
        self._ports.report_problem("function", result.reason if isinstance(result, InvokeFailed) else None)
        self.machine.on_invoked(result, self._now())

    def _invoke_again(self, batch: RecordBatch, first: InvokeResult) -> InvokeResult:
        second = self._ports.invoker.invoke(batch)
        return first if isinstance(second, InvokeFailed) else second

    def _send(self, action: SendToDestination) -> None:
        try:
            self._ports.destination.send(action.destination, action.document)
        except SourceUnavailable as error:
            self._ports.report_problem("destination", str(error))
            self.machine.on_send_failed(self._now())
        else:
            self._ports.report_problem("destination", None)
            self.machine.on_sent(self._now())

    def _save(self, action: SaveCheckpoint) -> None:
        try:
            self._ports.checkpoints.save(action.shard_id, action.checkpoint)
        except OSError as error:
            self._ports.report_problem("checkpoints", str(error))
            self.machine.on_save_failed(self._now())
        else:
            self._ports.report_problem("checkpoints", None)
            self.machine.on_saved(action.checkpoint)


class MappingDriver:
    """Runs a whole mapping: its shard tree and the shards that may be read.

    `step` and `run` are single-threaded. A service with one thread per shard calls `step_tree` in one thread and runs
    the drivers that it returns in others.
    """

    def __init__(self, settings: MappingSettings, ports: Ports, policy: PollingPolicy | None = None) -> None:
        """Load the checkpoints."""
        self.shards: dict[str, ShardDriver] = {}
        self._settings = settings
        self._ports = ports
        self._policy = policy or PollingPolicy()
        self._tree = ShardTree(settings.starting_position, ports.checkpoints.load(), self._policy)

    def step(self) -> float:
        """Step the tree and each running shard once.

        Returns:
            When to step again, in seconds since the epoch.

        Raises:
            StreamGone: The stream no longer exists.
        """
        self.step_tree()
        actions = [driver.step() for driver in list(self.shards.values())]
        dues = [action.until for action in actions if isinstance(action, Wait)]
        busy = len(dues) < len(actions)
        return self._ports.clock.now() if busy else min([self._tree_due(), *dues])

    def run(self, stop: Event) -> None:
        """Step until `stop` is set.

        Raises:
            StreamGone: The stream no longer exists.
        """
        while not stop.is_set():
            stop.wait(max(0.0, self.step() - self._ports.clock.now()))
        for driver in self.shards.values():
            driver.settle()

    def step_tree(self) -> list[ShardDriver]:
        """List the shards if that is due, and mark drained shards as done.

        Returns:
            The drivers of shards that may start now.

        Raises:
            StreamGone: The stream no longer exists.
        """
        now = self._ports.clock.now()
        for shard_id in [shard_id for shard_id, driver in self.shards.items() if driver.done]:
            self._tree.done(shard_id, self.shards.pop(shard_id).machine.checkpoint, now)
        action = self._tree.next_action(now)
        while not isinstance(action, Wait):
            self._execute(action)
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

    def _execute(self, action: ListShards | SaveCheckpoint) -> None:
        try:
            if isinstance(action, ListShards):
                shards = self._ports.stream.list_shards()
                self._ports.report_problem("stream", None)
                self._tree.on_shards(shards, self._ports.clock.now())
            else:
                self._ports.checkpoints.save(action.shard_id, action.checkpoint)
                self._tree.on_saved(action.shard_id, action.checkpoint)
        except SourceUnavailable as error:
            self._ports.report_problem("stream", str(error))
            self._tree.on_list_failed(self._ports.clock.now())
        except OSError as error:
            self._ports.report_problem("checkpoints", str(error))
            self._tree.on_save_failed(self._ports.clock.now())
