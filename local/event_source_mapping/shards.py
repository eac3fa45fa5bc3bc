"""The shards of a stream: which ones may be read now, and from which position."""

from collections.abc import Mapping, Sequence

from local.event_source_mapping.actions import ListShards, SaveCheckpoint, TreeAction, Wait
from local.event_source_mapping.outcomes import Shard
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.positions import LATEST, TRIM_HORIZON, ShardCheckpoint
from local.event_source_mapping.settings import StartingPosition


class ShardTree:
    """Starts a shard only when its parent is drained, retries included (rule 2), so that each item keeps its order.

    The tree performs no I/O. Its driver executes `next_action`, reports the outcome, starts the shards in `ready` and
    reports them as `done`.
    """

    def __init__(
        self,
        starting: StartingPosition,
        checkpoints: Mapping[str, ShardCheckpoint],
        policy: PollingPolicy | None = None,
    ) -> None:
        """Start from the saved checkpoints.

        Args:
            starting: Where a mapping without checkpoints starts.
            checkpoints: The saved checkpoints by shard.
        """
        self._policy = policy or PollingPolicy()
        self._checkpoints = dict(checkpoints)
        # Only the shards in the very first list start at the tip. A shard that appears later was created since, and
        # reading it from anywhere but its beginning would lose events.
        self._is_first_list = starting == "LATEST" and not checkpoints
        self._known: dict[str, Shard] = {}
        self._running: set[str] = set()
        self._unsaved: dict[str, ShardCheckpoint] = {}
        self._list_at = 0.0
        self._failures_in_row = 0

    def next_action(self, now: float) -> TreeAction:
        """The next action of the tree itself."""
        if self._unsaved and self._list_at <= now:
            shard_id, checkpoint = next(iter(self._unsaved.items()))
            return SaveCheckpoint(shard_id, checkpoint)
        return ListShards() if self._list_at <= now else Wait(self._list_at)

    def on_shards(self, shards: Sequence[Shard], now: float) -> None:
        """Process a list of the stream's shards.

        Args:
            shards: All listed shards, including closed ones. Expired shards are no longer listed.
            now: Seconds since the epoch.
        """
        running = {shard_id: self._known[shard_id] for shard_id in self._running}
        self._known = running | {shard.shard_id: shard for shard in shards}
        self._failures_in_row = 0
        self._list_at = now + self._policy.list_every
        if self._is_first_list and shards:
            self._is_first_list = False
            self._unsaved = {shard.shard_id: ShardCheckpoint(LATEST) for shard in shards}
            self._list_at = now

    def on_list_failed(self, now: float) -> None:
        """Retry the list later."""
        self._back_off(now)

    def on_saved(self, shard_id: str, saved: ShardCheckpoint) -> None:
        """Record that a shard's starting position was saved."""
        self._checkpoints[shard_id] = saved
        self._unsaved.pop(shard_id, None)

    def on_save_failed(self, now: float) -> None:
        """Retry the save later. No shard starts before it succeeds."""
        self._back_off(now)

    def ready(self) -> list[tuple[str, ShardCheckpoint]]:
        """The shards to start now, with their starting positions."""
        if self._unsaved:
            return []
        idle = [shard for shard_id, shard in self._known.items() if shard_id not in self._running]
        waiting = [shard for shard in idle if self._may_start(shard)]
        return [(shard.shard_id, self._start_of(shard.shard_id)) for shard in waiting]

    def started(self, shard_id: str) -> None:
        """Record that a shard's machine was started."""
        self._running.add(shard_id)

    def done(self, shard_id: str, last: ShardCheckpoint, now: float) -> None:
        """Record that a shard is drained, so that its children may start.

        Args:
            shard_id: The drained shard.
            last: The last checkpoint of its machine.
            now: Seconds since the epoch.
        """
        self._running.discard(shard_id)
        self._checkpoints[shard_id] = last
        self._list_at = now  # its children may not be listed yet

    def _may_start(self, shard: Shard) -> bool:
        if self._is_done(shard.shard_id):
            return False
        # A parent that is not listed has expired with its records, so there is nothing to wait for.
        return shard.parent_id is None or shard.parent_id not in self._known or self._is_done(shard.parent_id)

    def _is_done(self, shard_id: str) -> bool:
        return shard_id in self._checkpoints and self._checkpoints[shard_id].done

    def _start_of(self, shard_id: str) -> ShardCheckpoint:
        return self._checkpoints.get(shard_id, ShardCheckpoint(TRIM_HORIZON))

    def _back_off(self, now: float) -> None:
        self._failures_in_row += 1
        self._list_at = now + self._policy.delay(self._failures_in_row)
