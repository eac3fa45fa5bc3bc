"""One shard's reader as a state machine without I/O.

A driver executes `next_action` and reports the outcome to the method that the action names. Until then, `next_action`
returns the same action, so a driver may stop between any two effects. A restart repeats at most the work since the last
`SaveCheckpoint`.
"""

from dataclasses import replace
from itertools import takewhile

from local.event_source_mapping.actions import (
    Fetch,
    Invoke,
    SaveCheckpoint,
    SendToDestination,
    ShardAction,
    ShardDone,
    Wait,
)
from local.event_source_mapping.batch import Buffer, RecordBatch
from local.event_source_mapping.failure import Condition, Discarded, document
from local.event_source_mapping.filters import compile_filters
from local.event_source_mapping.outcomes import FunctionFailed, FunctionReturned, InvokeFailed, InvokeResult, Page
from local.event_source_mapping.pending import PendingRecords, ShardStats
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.positions import ShardCheckpoint, after
from local.event_source_mapping.records import StreamRecord
from local.event_source_mapping.response import PartialFailure, Success, Verdict, WholeBatchFailure, interpret
from local.event_source_mapping.settings import MappingSettings


class ShardMachine:
    """Reads, batches, invokes, retries, bisects, discards and saves checkpoints, for one shard of one mapping."""

    def __init__(
        self, shard_id: str, settings: MappingSettings, start: ShardCheckpoint, policy: PollingPolicy | None = None
    ) -> None:
        """Start at a checkpoint.

        Args:
            shard_id: The shard. A machine never receives records of another shard (rule 4).
            settings: The mapping's settings.
            start: The shard's checkpoint.
            policy: Timing, and assumptions about undocumented behaviour.
        """
        self.shard_id = shard_id
        self.stats = ShardStats()
        self.checkpoint = start
        self._settings = settings
        self._policy = policy or PollingPolicy()
        self._matches_filters = compile_filters(settings.patterns)
        self._buffer = Buffer(settings.batch_size, settings.window)
        self._work: list[PendingRecords] = []
        self._discarded: Discarded | None = None
        self._unsaved: ShardCheckpoint | None = None
        self._reading, self._closed = start.position, start.done
        self._read_at = self._invoke_at = self._paused_until = 0.0
        self._failures_in_row = 0

    # The next action.

    def next_action(self, now: float) -> ShardAction:
        """The next action. Calling this again before reporting an outcome changes nothing."""
        self._discard_expired(now)
        if not (self._unsaved or self._discarded or self._work):
            self._close_batch(now)
        if self._unsaved or self._discarded:
            return self._send_or_save(now) if self._paused_until <= now else Wait(self._paused_until)
        if self._work:
            return self._invoke() if self._invoke_at <= now else Wait(self._invoke_at)
        return ShardDone(self.shard_id) if self._closed and not len(self._buffer) else self._fetch(now)

    def behind(self, now: float) -> float:
        """Age in seconds of the oldest record that was read but not processed; 0 without one."""
        oldest = self._work[-1].records[0] if self._work else self._buffer.oldest
        return max(0.0, now - oldest.arrived) if oldest else 0.0

    def _close_batch(self, now: float) -> None:
        """Close the next batch. If nothing waits, advance the checkpoint: filtered records count as processed."""
        records = self._buffer.take(now, flush=self._closed)
        if records:
            self._work.append(PendingRecords(records))
            self._discard_expired(now)
        elif not len(self._buffer):
            reached = ShardCheckpoint(self._reading, done=self._closed)
            moved = reached.position.order > self.checkpoint.position.order or reached.done != self.checkpoint.done
            self._unsaved = reached if moved else None

    def _send_or_save(self, now: float) -> ShardAction:
        # The checkpoint of processed records is saved before the next batch starts. The document about discarded
        # records is sent before their checkpoint (rule 18). So a crash repeats work and never skips any.
        if self._discarded and self._settings.destination and not self._unsaved:
            return SendToDestination(self._settings.destination, document(self._discarded, self._settings, now))
        return SaveCheckpoint(self.shard_id, self._unsaved or self.checkpoint)

    def _invoke(self) -> Invoke:
        return Invoke(RecordBatch(self.shard_id, self._work[-1].records))

    def _fetch(self, now: float) -> Fetch | Wait:
        due = max(self._read_at, self._paused_until)
        if due <= now:
            return Fetch(self.shard_id, self._reading)
        closes = self._buffer.closes_at()
        return Wait(due if closes is None else min(due, closes))

    # Outcomes.

    def on_records(self, page: Page, now: float) -> None:
        """Buffer the records of a page."""
        # After a trim, the page starts at the stream's oldest record, which may be before our position.
        fresh = [record for record in page.records if record.order > self._reading.order]
        matching = [record for record in fresh if self._matches_filters(record.event)]
        self._buffer.add(matching, now)
        self.stats.seen += len(fresh)
        self.stats.filtered += len(fresh) - len(matching)
        self.stats.trims += page.trimmed
        self._failures_in_row = 0
        self._closed = page.resume is None
        self._read_at = now if page.records else now + self._policy.idle_poll
        if fresh:
            self._reading = after(fresh[-1].sequence_number)
        elif page.resume and page.resume.order >= self._reading.order:
            self._reading = page.resume

    def on_fetch_failed(self, now: float) -> None:
        """Retry the read later."""
        self._back_off(now)

    def on_invoked(self, result: InvokeResult, now: float) -> None:
        """Complete, retry, split or discard the batch."""
        if isinstance(result, InvokeFailed):  # rule 9: no attempt is used
            self.stats.throttled += 1
            self._invoke_later(now)
            return
        work = replace(self._work.pop(), last_result=result)
        verdict = self._verdict(result, work)
        if isinstance(verdict, Success):
            self._complete(work.records)
            return
        self.stats.failures += 1
        self._invoke_later(now)
        first_failed = int(verdict.at) if isinstance(verdict, PartialFailure) else work.records[0].order
        done = tuple(record for record in work.records if record.order < first_failed)
        self._split(work, done) if done else self._retry(work, halve=self._halves(verdict))

    def on_sent(self, now: float) -> None:  # noqa: ARG002 - every outcome has the same signature
        """Record that the destination has the document."""
        self._finish_discard()

    def on_send_failed(self, now: float) -> None:
        """Send the document again later, since it may not have arrived. The shard waits for it."""
        self._back_off(now)

    def on_saved(self, saved: ShardCheckpoint) -> None:
        """Record that the action's checkpoint was saved."""
        self.checkpoint, self._unsaved = saved, None

    def on_save_failed(self, now: float) -> None:
        """Save the checkpoint again later. The shard waits for it."""
        self._back_off(now)

    # Failures.

    def _verdict(self, result: FunctionReturned | FunctionFailed, work: PendingRecords) -> Verdict:
        if isinstance(result, FunctionFailed):
            return WholeBatchFailure(result.error)
        batch = RecordBatch(self.shard_id, work.records)
        return interpret(result.payload, batch, reports_failures=self._settings.reports_failures)

    def _halves(self, verdict: Verdict) -> bool:
        names_first = isinstance(verdict, PartialFailure)
        return self._settings.bisect and (self._policy.halve_when_first_fails or not names_first)

    def _split(self, work: PendingRecords, done: tuple[StreamRecord, ...]) -> None:
        """After a partial batch response, move the checkpoint up to it and retry the rest (rules 14 and 17)."""
        self._work.append(work.without(len(done)))
        self._complete(done)
        if not self._policy.restart_count_on_progress and not self._settings.bisect:
            self._retry(self._work.pop(), halve=False)

    def _retry(self, work: PendingRecords, *, halve: bool) -> None:
        """After a response that completed nothing, bisect for free or use an attempt (rules 10, 11, 16 and 17)."""
        if halve and len(work.records) > 1:
            self._work.extend(reversed(work.halves()))
            return
        work = replace(work, attempts=work.attempts + 1)
        self._work.append(work)
        if 0 <= self._settings.max_retries < work.attempts:
            self._discard(len(work.records), "RetryAttemptsExhausted")

    def _discard_expired(self, now: float) -> None:
        """Discard the expired records at the front (rule 19), at the latest at the stream's own retention."""
        if not self._work or self._discarded or self._unsaved:
            return
        age = self._settings.max_record_age
        limit = self._policy.retention if age < 0 else min(age, self._policy.retention)
        expired = takewhile(lambda record: now - record.arrived > limit, self._work[-1].records)
        self._discard(sum(1 for _ in expired), "EventAgeExceeded")

    def _discard(self, count: int, condition: Condition) -> None:
        if not count:
            return
        work = self._work.pop()
        if count < len(work.records):
            self._work.append(work.without(count))
        batch = RecordBatch(self.shard_id, work.records[:count])
        self._discarded = Discarded(batch, condition, work.attempts, work.last_result)
        if not self._settings.destination:
            self._finish_discard()

    def _finish_discard(self) -> None:
        if self._discarded:
            records, self._discarded = self._discarded.batch.records, None
            self.stats.discarded += len(records)
            self._invoke_at = 0.0  # the following records have not failed
            self._advance(records)

    # Progress.

    def _complete(self, records: tuple[StreamRecord, ...]) -> None:
        self.stats.batches += 1
        self._advance(records)

    def _advance(self, records: tuple[StreamRecord, ...]) -> None:
        self._unsaved = ShardCheckpoint(after(records[-1].sequence_number))
        self._failures_in_row = 0
        if self._work and self._policy.restart_count_on_progress:  # rule 15
            self._work[-1] = replace(self._work[-1], attempts=0)

    def _invoke_later(self, now: float) -> None:
        self._invoke_at = now + self._next_delay()

    def _back_off(self, now: float) -> None:
        self._paused_until = now + self._next_delay()

    def _next_delay(self) -> float:
        self._failures_in_row += 1
        return self._policy.delay(self._failures_in_row)
