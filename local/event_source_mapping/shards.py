"""The shards of a stream: which may be read now, and from where."""

from collections.abc import Mapping, Sequence

from local.event_source_mapping.actions import ListShards, SaveCheckpoint, TreeAction, Wait
from local.event_source_mapping.outcomes import Shard
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.positions import LATEST, TRIM_HORIZON, ShardCheckpoint
from local.event_source_mapping.settings import StartingPosition


class ShardTree:
    """Lets a shard start only when its parent is drained, retries included (rule 2), so each item keeps its order.

    It does nothing itself: ask `next_action`, report the outcome, start what `ready` names, report it `done`.
    """

    def __init__(
        self,
        starting: StartingPosition,
        checkpoints: Mapping[str, ShardCheckpoint],
        policy: PollingPolicy | None = None,
    ) -> None:
        """Begin with what is remembered.

        Args:
            starting: Where a mapping begins that has no checkpoints yet.
            checkpoints: What is remembered, by shard.
            policy: Timing.
        """
        self._policy = policy or PollingPolicy()
        self._checkpoints = dict(checkpoints)
        # Only the shards of the very first look start at the tip: a shard seen later was born since, and reading it
        # from anywhere but its beginning would lose events.
        self._first_look = starting == "LATEST" and not checkpoints
        self._known: dict[str, Shard] = {}
        self._running: set[str] = set()
        self._unsaved: dict[str, ShardCheckpoint] = {}
        self._look_at = 0.0
        self._failures_in_row = 0

    def next_action(self, now: float) -> TreeAction:
        """The one thing to do now for the tree itself."""
        if self._unsaved and self._look_at <= now:
            shard_id, checkpoint = next(iter(self._unsaved.items()))
            return SaveCheckpoint(shard_id, checkpoint)
        return ListShards() if self._look_at <= now else Wait(self._look_at)

    def on_shards(self, shards: Sequence[Shard], now: float) -> None:
        """Take in a list of the stream's shards.

        Args:
            shards: All of them, closed ones included; an expired one is not listed any more.
            now: Seconds since the epoch.
        """
        running = {shard_id: self._known[shard_id] for shard_id in self._running}
        self._known = running | {shard.shard_id: shard for shard in shards}
        self._failures_in_row = 0
        self._look_at = now + self._policy.list_every
        if self._first_look and shards:
            self._first_look = False
            self._unsaved = {shard.shard_id: ShardCheckpoint(LATEST) for shard in shards}
            self._look_at = now

    def on_list_failed(self, now: float) -> None:
        """The list could not be had for now."""
        self._back_off(now)

    def on_saved(self, shard_id: str, saved: ShardCheckpoint) -> None:
        """A shard's starting point is durable."""
        self._checkpoints[shard_id] = saved
        self._unsaved.pop(shard_id, None)

    def on_save_failed(self, now: float) -> None:
        """A shard's starting point is not durable: it is saved again, and nothing starts before it."""
        self._back_off(now)

    def ready(self) -> list[tuple[str, ShardCheckpoint]]:
        """Shards to start now, with their starting points; none of them is started already."""
        if self._unsaved:
            return []
        idle = [shard for shard_id, shard in self._known.items() if shard_id not in self._running]
        waiting = [shard for shard in idle if self._may_start(shard)]
        return [(shard.shard_id, self._start_of(shard.shard_id)) for shard in waiting]

    def started(self, shard_id: str) -> None:
        """A shard's machine was made."""
        self._running.add(shard_id)

    def done(self, shard_id: str, last: ShardCheckpoint, now: float) -> None:
        """A shard's machine said `ShardDone`; its children may start.

        Args:
            shard_id: The drained shard.
            last: Its machine's checkpoint.
            now: Seconds since the epoch.
        """
        self._running.discard(shard_id)
        self._checkpoints[shard_id] = last
        self._look_at = now  # its children may not be known yet

    def _may_start(self, shard: Shard) -> bool:
        if self._is_done(shard.shard_id):
            return False
        # A parent that is not listed has expired: what it held is gone, so there is nothing to wait for.
        return shard.parent_id is None or shard.parent_id not in self._known or self._is_done(shard.parent_id)

    def _is_done(self, shard_id: str) -> bool:
        return shard_id in self._checkpoints and self._checkpoints[shard_id].done

    def _start_of(self, shard_id: str) -> ShardCheckpoint:
        return self._checkpoints.get(shard_id, ShardCheckpoint(TRIM_HORIZON))

    def _back_off(self, now: float) -> None:
        self._failures_in_row += 1
        self._look_at = now + self._policy.delay(self._failures_in_row)
