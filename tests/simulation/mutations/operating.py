"""Defects of the event source mapping, and of rebuild, switch and redrive."""

from dataclasses import replace
from typing import Any, Final

from events.history import fold
from local.event_source_mapping import driver, shard
from local.event_source_mapping import response as mapping_response
from local.event_source_mapping.positions import ShardCheckpoint, after
from local.event_source_mapping.response import PartialFailure, Success
from operations.actions import redrive as redrive_action
from operations.jobs.parked import redrive_parked
from projections import generations
from projections.maintenance import rebuild, redrive, verify
from projections.maintenance.progress import rebuild_job
from projections.read_model import Write, WriteResult
from projections.row import RETURNING, Parked, row_of
from shared.runtime.clock import timestamp, utc_now
from tests.simulation.mutations.base import Change, Mutation, one
from tests.simulation.mutations.projecting import put_rows

# The event source mapping.


def _as_text(failures: Any, batch: Any) -> Any:
    verdict = _from_failures(failures, batch)
    if not isinstance(verdict, PartialFailure):
        return verdict
    return PartialFailure(min(item["itemIdentifier"] for item in failures))


def _saved_first(self: Any, batch: Any) -> None:
    last = after(batch.records[-1].sequence_number)
    try:
        self._ports.checkpoints.save(batch.shard_id, ShardCheckpoint(last))
    except OSError:
        return
    _invoke(self, batch)


def _one_too_many(self: Any, work: Any, done: Any) -> None:
    _split(self, work, work.records[: len(done) + 1] if len(work.records) > len(done) + 1 else done)


_from_failures, _invoke = mapping_response._from_failures, driver.ShardDriver._invoke
_split = shard.ShardMachine._split

MAPPING: Final = (
    one("every answer taken for success", shard, "interpret", lambda *_, **__: Success()),
    one("sequence numbers compared as text", mapping_response, "_from_failures", _as_text),
    one("the checkpoint saved before the invoke", driver.ShardDriver, "_invoke", _saved_first),
    one("the first failed record taken for done", shard.ShardMachine, "_split", _one_too_many),
)


# Generations, rebuild, redrive.


def _naive(self: Any, records: Any, generation: int) -> int:
    """Fold the page's events and put the rows."""
    found: dict[str, Any] = {}
    for record in records:
        try:
            found[record.customer_id] = fold([record], found.get(record.customer_id))
        except Exception:  # noqa: BLE001 - the defect
            continue
    rows = [row_of(state, generation) for state in found.values() if state]
    put_rows(self._projector._read_model, [Write(row, None) for row in rows])
    return 0


def _saved_before(self: Any, generation: int, at: Any, total_segments: int) -> Any:
    page = self._store.read_page(at.segment, total_segments, at.position, rebuild.PAGE_SIZE)
    reached = replace(at, position=page.next, done=page.next is None)
    self._progress.save(rebuild_job(generation), reached)
    self._write(page.records, generation)
    return reached


def _first_page_only(self: Any, generation: int, at: Any, total_segments: int) -> Any:
    reached = replace(_step(self, generation, at, total_segments), done=True)
    self._progress.save(rebuild_job(generation), reached)
    return reached


def _blind(self: Any, generation: int, at: Any, total_segments: int) -> Any:
    return replace(at, done=True), []


def _at_once(self: Any, now: Any) -> Any:
    return replace(self, active=self.building, previous=self.active, building=None, changed_at=timestamp(now))


def _returned(self: Any, row: Any, parked: Any, right: Any) -> Any:
    """Make one write, and forget what waited."""
    if self._read_model.write([Write(right, row)]) != [WriteResult.APPLIED]:
        return redrive.RedriveResult(row.customer_id, redrive.RedriveOutcome.TRY_AGAIN, parked, row.version)
    return redrive.RedriveResult(row.customer_id, redrive.RedriveOutcome.RETURNED, parked, right.version)


def _of_everybody(stack: Any, generation: int, options: Any, limit: Any, report: Any) -> None:
    """Bring back every customer that is not parked, too."""
    _redrive_parked(stack, generation, options, limit, report)
    for row in stack.read_model.rows(generation, 0, 1, None).rows:
        if not row.parked and options.go:
            stack.redrive._bring_back(row, Parked(row.version + 1, RETURNING, timestamp(utc_now()), 0), row)


def _half_returned(self: Any, returning: Any, right: Any) -> bool:
    return True


def _does_not_follow(self: Any, customer_id: str, generation: int, version: int) -> bool:
    return True


def _repaired_alone(self: Any, difference: Any, generation: int, before: Any = ()) -> bool:
    return bool(_repair(self, difference, generation))


def _active_only(self: Any) -> tuple[int, ...]:
    return (self.active,)


def _active_first(self: Any) -> tuple[int, ...]:
    return tuple(number for number in (self.active, self.previous, self.building) if number is not None)


_redrive_parked = redrive_parked
_step, _repair = rebuild.Rebuild.step, verify.Verifier.repair
_Generations = generations.Generations

OPERATIONS: Final = (
    one("a rebuild that folds pages and puts rows", rebuild.Rebuild, "_write", _naive),
    one("a rebuild's checkpoint saved before its rows", rebuild.Rebuild, "step", _saved_before),
    one("a switch before the verification", _Generations, "switch", _at_once),
    Mutation(
        "a rebuild of one page, and a blind verification",
        (Change(rebuild.Rebuild, "step", _first_page_only), Change(verify.Verifier, "step", _blind)),
    ),
    one("only the active generation fed", _Generations, "fed", property(_active_only)),
    one("the active generation fed first", _Generations, "fed", property(_active_first)),
    one("a redrive of one write", redrive.Redrive, "_bring_back", _returned),
    one("a redrive of one generation alone", redrive.Redrive, "_advance_earlier", _does_not_follow),
    one("a repair of one generation alone", verify.Verifier, "repair", _repaired_alone),
    one("a redrive of everybody, whose second run changes something", redrive_action, "redrive_parked", _of_everybody),
    one("a redrive that leaves the mark", redrive.Redrive, "_catch_up", _half_returned),
)
