"""Deliberate defects of what lets an outage pass, each of which the outages must detect.

python -m tests.simulation.outage_mutants
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any, Final

from tests.simulation import outages  # isort: skip - before any handler
from projections import dynamodb_read_model, projector
from projections.read_model import WriteResult
from publisher import event_bridge
from publisher.publishing import Publisher
from publisher.sqs_publish_failures import SqsPublishFailures
from shared.runtime import failures, invocation
from tests.simulation.away import BUS, EVENT_TABLE, QUEUES, READ_TABLE, WRITES
from tests.simulation.mutants import applied
from tests.simulation.mutations.base import Change, Mutation, one
from tests.simulation.outages import MACHINE, OutageOutcome, rebuild, suffer
from tests.simulation.template_settings import settings_of_template
from tests.simulation.verdicts import Verdict, table

_MINUTES: Final = 3
_STATE_MACHINE: Final[list[dict[str, Any]]] = [
    {"ErrorEquals": ["Lambda.ServiceException", "Lambda.Unknown", "States.Timeout"], "MaxAttempts": 6},
    {"ErrorEquals": ["GenerationsChanged", "RebuildFailed", "ReadModelBusy", "ClientError"], "MaxAttempts": 4},
]


def _ten_retries(name: str) -> Any:
    return replace(settings_of_template(name), max_retries=10)


def _with_retries(states: Any, retries: Any) -> Any:
    """The state machine with other rules for every task."""
    return {
        name: {
            **state,
            **({"Retry": retries} if state["Type"] == "Task" else {}),
            **(
                {
                    "ItemProcessor": {
                        **state["ItemProcessor"],
                        "States": _with_retries(state["ItemProcessor"]["States"], retries),
                    }
                }
                if "ItemProcessor" in state
                else {}
            ),
        }
        for name, state in states.items()
    }


def _refused_comes_again(response: Any) -> WriteResult:
    return WriteResult.FAILED if _result(response) is WriteResult.REFUSED else _result(response)


def _failed_is_refused(self: Any, writes: Any) -> Any:
    return [WriteResult.REFUSED if each is WriteResult.FAILED else each for each in _write_chunk(self, writes)]


def _delivered_again(self: Any, customer_id: str, events: Any, generation: int, report: Any) -> None:
    report.failed[customer_id] = "write refused"


def _unstored_is_failed(self: Publisher, records: Any, report: Any) -> None:
    report.failed |= report.unpublishable
    report.unpublishable.clear()


def _lost(self: SqsPublishFailures, failure: Any) -> None:
    """Take a message for sent that the queue did not accept."""
    try:
        _send(self, failure)
    except Exception:  # noqa: BLE001 - the defect
        return


_result, _write_chunk = dynamodb_read_model._result, dynamodb_read_model.DynamoDbReadModel._write_chunk
_send = SqsPublishFailures.send
_NEVER: Final = frozenset({*failures.PERMANENT_CODES, "AccessDeniedException"})

MUTATIONS: Final = (
    one("ten retries instead of any number", outages, "settings_of_template", _ten_retries),
    one("a failed read of events parks its customer", projector, "is_transient", lambda _: False),
    one("a failed write parks its customer", dynamodb_read_model.DynamoDbReadModel, "_write_chunk", _failed_is_refused),
    one("a request that failed taken for refused", dynamodb_read_model, "is_transient", lambda _: False),
    one("a refused row comes again and again", dynamodb_read_model, "_result", _refused_comes_again),
    one("a refused row parks nobody", projector.Projector, "_project_singly", _delivered_again),
    one("a missing permission taken for permanent", failures, "PERMANENT_CODES", _NEVER),
    one("an event put aside because the bus is away", event_bridge, "is_transient", lambda _: False),
    one("an event that cannot be published comes again and again", Publisher, "_store_failures", _unstored_is_failed),
    one("a message to a queue that is away taken for sent", SqsPublishFailures, "send", _lost),
    one("a step of the rebuild that never retries", invocation, "is_transient", lambda _: False),
    Mutation(
        "a state machine that lists what it retries",
        (Change(outages, "MACHINE", {**MACHINE, "States": _with_retries(MACHINE["States"], _STATE_MACHINE)}),),
    ),
    Mutation(
        "a state machine that retries for a minute",
        (
            Change(
                outages,
                "MACHINE",
                {
                    **MACHINE,
                    "States": _with_retries(MACHINE["States"], [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]),
                },
            ),
        ),
    ),
)


def cases() -> Iterator[OutageOutcome]:
    """Few outages, each of which meets another part."""
    yield suffer(READ_TABLE, _MINUTES, case="refused row")
    yield rebuild(READ_TABLE, _MINUTES)
    yield suffer(BUS, _MINUTES)
    yield suffer(QUEUES, _MINUTES)
    yield suffer(EVENT_TABLE, _MINUTES)
    yield suffer(WRITES, _MINUTES)


def hunt(mutation: Mutation) -> Verdict:
    """Run outages until one detects the defect."""
    tried = 0
    with applied(mutation):
        for tried, outcome in enumerate(cases(), start=1):
            if outcome.rule:
                return Verdict(mutation.name, outcome.rule, tried, outcome.broken, mutation.equivalent)
    return Verdict(mutation.name, "", tried, "", mutation.equivalent)


def main() -> int:
    """Test every mutant. Returns 1 if one survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.outage_mutants", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    verdicts = [hunt(each) for each in MUTATIONS]
    print(json.dumps([asdict(each) for each in verdicts]) if parser.parse_args().json else table(verdicts))
    return 0 if all(each.is_right for each in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
