"""One shard's reader, as a state machine that does nothing itself.

Ask `next_action` what to do, do it, report the outcome to the method that the action names. Until then the same
action is asked for again, so a driver may stop between any two effects; what a restart repeats is at most the work
since the last `SaveCheckpoint`.
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
from local.event_source_mapping.answer import PartialFailure, Success, Verdict, WholeBatchFailure, interpret
from local.event_source_mapping.batch import Buffer, RecordBatch
from local.event_source_mapping.failure import Condition, Discarded, document
from local.event_source_mapping.filters import compile_filters
from local.event_source_mapping.outcomes import Answer, FunctionFailed, FunctionReturned, InvokeFailed, Page
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.positions import ShardCheckpoint, after
from local.event_source_mapping.records import StreamRecord
from local.event_source_mapping.settings import MappingSettings
from local.event_source_mapping.work import PendingRecords, ShardStats


class ShardMachine:
    """Reads, batches, invokes, retries, splits, gives up and remembers, for one shard of one mapping."""

    def __init__(
        self, shard_id: str, settings: MappingSettings, start: ShardCheckpoint, policy: PollingPolicy | None = None
    ) -> None:
        """Begin where the checkpoint says.

        Args:
            shard_id: The shard; a machine never sees records of another (rule 4).
            settings: The mapping's.
            start: What is remembered of the shard.
            policy: Timing and readings of undocumented behaviour.
        """
        self.shard_id = shard_id
        self.stats = ShardStats()
        self.checkpoint = start
        self._settings = settings
        self._policy = policy or PollingPolicy()
        self._wanted = compile_filters(settings.patterns)
        self._buffer = Buffer(settings.batch_size, settings.window)
        self._work: list[PendingRecords] = []
        self._discarded: Discarded | None = None
        self._unsaved: ShardCheckpoint | None = None
        self._reading, self._closed = start.position, start.done
        self._read_at = self._invoke_at = self._not_before = 0.0
        self._failures_in_row = 0

    # What to do next.

    def next_action(self, now: float) -> ShardAction:
        """The one thing to do now; asking again without reporting an outcome changes nothing."""
        self._give_up_expired(now)
        if not (self._unsaved or self._discarded or self._work):
            self._take_up(now)
        if self._unsaved or self._discarded:
            return self._settle(now) if self._not_before <= now else Wait(self._not_before)
        if self._work:
            return self._invoke() if self._invoke_at <= now else Wait(self._invoke_at)
        return ShardDone(self.shard_id) if self._closed and not len(self._buffer) else self._fetch(now)

    def behind(self, now: float) -> float:
        """Age in seconds of the oldest record that is read but not dealt with; 0 when there is none."""
        oldest = self._work[-1].records[0] if self._work else self._buffer.oldest
        return max(0.0, now - oldest.arrived) if oldest else 0.0

    def _take_up(self, now: float) -> None:
        """Close the next batch, or remember that everything read is dealt with: filtered records count as such."""
        records = self._buffer.take(now, flush=self._closed)
        if records:
            self._work.append(PendingRecords(records))
            self._give_up_expired(now)
        elif not len(self._buffer):
            reached = ShardCheckpoint(self._reading, done=self._closed)
            moved = reached.position.order > self.checkpoint.position.order or reached.done != self.checkpoint.done
            self._unsaved = reached if moved else None

    def _settle(self, now: float) -> ShardAction:
        # The checkpoint of what is done comes before the next batch, and the document before the checkpoint of what
        # is given up (rule 18): a crash repeats, it never skips.
        if self._discarded and self._settings.destination and not self._unsaved:
            return SendToDestination(self._settings.destination, document(self._discarded, self._settings, now))
        return SaveCheckpoint(self.shard_id, self._unsaved or self.checkpoint)

    def _invoke(self) -> Invoke:
        return Invoke(RecordBatch(self.shard_id, self._work[-1].records))

    def _fetch(self, now: float) -> Fetch | Wait:
        due = max(self._read_at, self._not_before)
        if due <= now:
            return Fetch(self.shard_id, self._reading)
        closes = self._buffer.closes_at()
        return Wait(due if closes is None else min(due, closes))

    # What came of it.

    def on_records(self, page: Page, now: float) -> None:
        """Take in a page.

        Args:
            page: The answer to `Fetch`.
            now: Seconds since the epoch.
        """
        # After a trim the stream starts at its oldest record, which may lie before our place.
        fresh = [record for record in page.records if record.order > self._reading.order]
        wanted = [record for record in fresh if self._wanted(record.event)]
        self._buffer.add(wanted, now)
        self.stats.seen += len(fresh)
        self.stats.filtered += len(fresh) - len(wanted)
        self.stats.trims += page.trimmed
        self._failures_in_row = 0
        self._closed = page.resume is None
        self._read_at = now if page.records else now + self._policy.idle_poll
        if fresh:
            self._reading = after(fresh[-1].sequence_number)
        elif page.resume and page.resume.order >= self._reading.order:
            self._reading = page.resume

    def on_fetch_failed(self, now: float) -> None:
        """The stream could not be read for now."""
        self._back_off(now)

    def on_answer(self, answer: Answer, now: float) -> None:
        """Take in what came of an `Invoke`.

        Args:
            answer: The function's, or that it did not run.
            now: Seconds since the epoch.
        """
        if isinstance(answer, InvokeFailed):  # rule 9: no attempt is used
            self.stats.throttled += 1
            self._invoke_later(now)
            return
        work = replace(self._work.pop(), last_answer=answer)
        verdict = self._verdict(answer, work)
        if isinstance(verdict, Success):
            self._dealt_with(work.records)
            return
        self.stats.failures += 1
        self._invoke_later(now)
        first_failed = int(verdict.at) if isinstance(verdict, PartialFailure) else work.records[0].order
        done = tuple(record for record in work.records if record.order < first_failed)
        self._split(work, done) if done else self._retry(work, halve=self._halves(verdict))

    def on_sent(self, now: float) -> None:  # noqa: ARG002 - every outcome has the same form
        """The destination has the document."""
        self._leave_discarded()

    def on_send_failed(self, now: float) -> None:
        """The document may not have arrived: it is sent again, and nothing goes on before it."""
        self._back_off(now)

    def on_saved(self, saved: ShardCheckpoint) -> None:
        """A checkpoint is durable.

        Args:
            saved: The one of the action.
        """
        self.checkpoint, self._unsaved = saved, None

    def on_save_failed(self, now: float) -> None:
        """The checkpoint is not durable: it is saved again, and nothing goes on before it."""
        self._back_off(now)

    # Failure.

    def _verdict(self, answer: FunctionReturned | FunctionFailed, work: PendingRecords) -> Verdict:
        if isinstance(answer, FunctionFailed):
            return WholeBatchFailure(answer.error)
        batch = RecordBatch(self.shard_id, work.records)
        return interpret(answer.payload, batch, reports_failures=self._settings.reports_failures)

    def _halves(self, verdict: Verdict) -> bool:
        named_first = isinstance(verdict, PartialFailure)
        return self._settings.bisect and (self._policy.halve_when_first_fails or not named_first)

    def _split(self, work: PendingRecords, done: tuple[StreamRecord, ...]) -> None:
        """A partial answer: the checkpoint moves up to it, the rest comes again (rules 14 and 17)."""
        self._work.append(work.without(len(done)))
        self._dealt_with(done)
        if not self._policy.restart_count_on_progress and not self._settings.bisect:
            self._retry(self._work.pop(), halve=False)

    def _retry(self, work: PendingRecords, *, halve: bool) -> None:
        """Nothing was completed: halve at no cost, or use an attempt (rules 10, 11, 16 and 17)."""
        if halve and len(work.records) > 1:
            self._work.extend(reversed(work.halves()))
            return
        work = replace(work, attempts=work.attempts + 1)
        self._work.append(work)
        if 0 <= self._settings.max_retries < work.attempts:
            self._give_up(len(work.records), "RetryAttemptsExhausted")

    def _give_up_expired(self, now: float) -> None:
        """Drop the expired prefix (rule 19); what the stream itself has forgotten is never older than that."""
        if not self._work or self._discarded or self._unsaved:
            return
        age = self._settings.max_record_age
        most = self._policy.retention if age < 0 else min(age, self._policy.retention)
        expired = takewhile(lambda record: now - record.arrived > most, self._work[-1].records)
        self._give_up(sum(1 for _ in expired), "EventAgeExceeded")

    def _give_up(self, count: int, condition: Condition) -> None:
        if not count:
            return
        work = self._work.pop()
        if count < len(work.records):
            self._work.append(work.without(count))
        lost = RecordBatch(self.shard_id, work.records[:count])
        self._discarded = Discarded(lost, condition, work.attempts, work.last_answer)
        if not self._settings.destination:
            self._leave_discarded()

    def _leave_discarded(self) -> None:
        if self._discarded:
            records, self._discarded = self._discarded.batch.records, None
            self.stats.discarded += len(records)
            self._invoke_at = 0.0  # what follows has not failed
            self._advance(records)

    # Progress.

    def _dealt_with(self, records: tuple[StreamRecord, ...]) -> None:
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
        self._not_before = now + self._next_delay()

    def _next_delay(self) -> float:
        self._failures_in_row += 1
        return self._policy.delay(self._failures_in_row)
