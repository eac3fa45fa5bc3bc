"""The event source mapping as an actor: the real core of local/event_source_mapping with simulated ports."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, Protocol

from local.event_source_mapping.actions import Wait
from local.event_source_mapping.batch import RecordBatch
from local.event_source_mapping.driver import MappingDriver, Ports
from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned, InvokeFailed, InvokeResult
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.ports import SourceUnavailable
from local.event_source_mapping.positions import ShardCheckpoint
from local.event_source_mapping.settings import MappingSettings
from tests.simulation.clock import VirtualClock
from tests.simulation.faults import Faults
from tests.simulation.signals import Crash, Killed
from tests.simulation.stream import ARN, SimulatedStream

QUEUE: Final = "arn:aws:sqs:eu-west-1:000000000000:failures"
_INSERTS: Final = '{"eventName": ["INSERT"]}'
# How often a shard acts before another actor steps.
_ACTIONS: Final = 3
_FUNCTION: Final = "arn:aws:lambda:eu-west-1:000000000000:function:project:live"

Function = Callable[[dict[str, Any], object], object]


def settings_of(random: Random) -> MappingSettings:
    """The template's mapping, or one with other settings that must work as well."""
    return MappingSettings(
        uuid="mapping-1",
        stream_arn=ARN,
        function_arn=_FUNCTION,
        batch_size=random.choice((1, 3, 10, 25, 100)),
        window=random.choice((0.0, 0.0, 0.5)),
        max_retries=random.choice((-1, 2, 10)),
        max_record_age=86_400,
        bisect=random.random() < 0.8,
        reports_failures=True,
        destination=QUEUE,
        patterns=random.choice(((_INSERTS,), (_INSERTS,), ())),
    )


def policy_of(random: Random) -> PollingPolicy:
    """One interpretation of what AWS leaves open."""
    return PollingPolicy(restart_count_on_progress=random.random() < 0.7, halve_when_first_fails=random.random() < 0.7)


class Around(Protocol):
    """What the mapping needs from its world."""

    faults: Faults
    random: Random
    stream: SimulatedStream
    clock: VirtualClock

    def trace(self, *what: object) -> None: ...

    def function_failed(self, error: Exception) -> None:
        """An invocation ended with an error that its runtime would log."""

    def discarded(self, document: Mapping[str, Any]) -> None:
        """The failure queue accepted a document."""


class MappingActor:
    """Runs the mapping one action at a time, in any order of its shards, and kills it now and then."""

    def __init__(self, world: Around, settings: MappingSettings, policy: PollingPolicy, function: Function) -> None:
        self.invocations = 0
        self._world = world
        self._settings = settings
        self._policy = policy
        self._function = function
        self._life = 0
        self.restart()

    def restart(self) -> None:
        """Restart as after kill -9: only saved state is kept, and running invocations continue without it."""
        self._life += 1
        world = self._world
        self._busy: set[str] = set()
        self._due: dict[str, float] = {}
        ports = Ports(world.stream, self, self, self, world.clock, self._redeliver)
        self.driver = MappingDriver(self._settings, ports, self._policy)

    def step(self) -> None:
        """Take a few actions of shards that have something to do and do not wait for the function."""
        self.driver.step_tree()
        for _ in range(_ACTIONS):
            now = self._world.clock.time
            free = [name for name in self.driver.shards if name not in self._busy and self._due.get(name, 0.0) <= now]
            if not free:
                return
            self._step(self._world.random.choice(free))

    def drain(self, most: int) -> bool:
        """Step until the checkpoints are past every record, letting time jump. Returns False if that takes too long."""
        for _ in range(most):
            if self._world.stream.is_drained():
                return True
            self._world.clock.reach(self.driver.step())
        return False

    def _step(self, shard: str) -> None:
        busy = self._busy
        busy.add(shard)
        try:
            action = self.driver.shards[shard].step()
            if isinstance(action, Wait):
                self._due[shard] = action.until
            else:
                self._world.trace("mapping", shard, type(action).__name__)
        except Killed:
            self._world.trace("mapping", shard, "was killed")
        finally:
            busy.discard(shard)

    # The ports other than the stream.

    def invoke(self, batch: RecordBatch) -> InvokeResult:
        """See `Invoker.invoke`."""
        faults, life = self._world.faults, self._life
        if faults.happens("throttled_invoke", faults.mix.throttled_invoke):
            return InvokeFailed("simulated")
        self.invocations += 1
        answer = self._run(batch)
        if faults.happens("lost_invoke", faults.mix.lost_invoke):
            answer = FunctionFailed("Unhandled")
        if life != self._life:
            raise Killed
        return answer

    def _run(self, batch: RecordBatch) -> InvokeResult:
        try:
            answer = self._function({"Records": [record.event for record in batch.records]}, None)
        except Crash:
            return FunctionFailed("Unhandled")
        except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
            self._world.function_failed(error)
            return FunctionFailed("Unhandled")
        text = json.dumps(answer)
        self._world.trace("invoked", batch.shard_id, len(batch), text)
        return FunctionReturned(text.encode())

    def send(self, destination: str, document: Mapping[str, object]) -> None:
        """See `Destination.send`."""
        faults = self._world.faults
        if destination != QUEUE or faults.happens("unsent", faults.mix.unsent):
            raise SourceUnavailable("simulated")
        self._world.discarded(document)
        if faults.happens("sent_twice", faults.mix.unsent / 2):
            raise SourceUnavailable("simulated")

    def load(self) -> Mapping[str, ShardCheckpoint]:
        """See `Checkpoints.load`."""
        return dict(self._world.stream.checkpoints)

    def save(self, shard_id: str, checkpoint: ShardCheckpoint) -> None:
        """See `Checkpoints.save`."""
        faults = self._world.faults
        if faults.happens("unsaved", faults.mix.unsaved):
            raise OSError("simulated")
        self._world.trace("checkpoint", shard_id, checkpoint.position.order)
        self._world.stream.checkpoints[shard_id] = checkpoint

    def _redeliver(self, _batch: RecordBatch) -> bool:
        faults = self._world.faults
        return faults.happens("redelivered", faults.mix.redeliver)
