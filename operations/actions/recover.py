"""`recover close`, `restore`, `point`, `erase`, `check` and `open`: the steps after the event table was lost."""

import argparse
from datetime import datetime
from typing import Final

from operations.display import display
from operations.errors import CommandError
from operations.jobs.recovery.erasing import ErasingOutcome, erase_again
from operations.jobs.recovery.restoring import point_at_restored, restore_tables, shortcomings
from operations.output import Output
from operations.stack import Stack

TABLES: Final = {"table": 16, "name": 34, "restored_from": 30, "as_of": 32}
ERASED: Final = {"customer_id": 36, "outcome": 24}
LACKS: Final = {"table": 16, "problem": 70}


def close(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Keep the functions behind the API from running."""
    _must_be_on_aws(stack)
    stack.parameters.change({"Closed": "true"})
    output.print_sentence("The API is closed: every request for customers is refused.", closed=True)
    return 0


def restore(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Restore the event table, and every other table that is gone."""
    _must_be_on_aws(stack)
    at = datetime.fromisoformat(arguments.at).replace(microsecond=0) if arguments.at else None
    for restored in restore_tables(stack, at):
        cells = {"table": restored.output, "name": restored.state.name, "restored_from": restored.source or None}
        output.print_row(TABLES, {**cells, "as_of": restored.state.as_of if restored.source else None})
    output.print_sentence("The tables are there: make customers ARGS='recover point' lets the stack use them.")
    return 0


def point(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Let the stack use the restored event table, in the next epoch."""
    _must_be_on_aws(stack)
    state = point_at_restored(stack)
    epoch = stack.epoch + 1
    output.print_sentence(
        f"The stack uses {state.name}, in epoch {epoch}. Whatever deploys it must pass EventTableName={state.name} "
        f"EventStreamLabel={state.stream_label} Epoch={epoch} from now on.",
        event_table=state.name,
        stream_label=state.stream_label,
        epoch=epoch,
    )
    return 0


def erase(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Erase again whom the log of erasures or a note names.

    Returns:
        1 when someone remains to be erased.
    """

    def report(customer_id: str, outcome: ErasingOutcome) -> None:
        output.print_row(ERASED, {"customer_id": customer_id, "outcome": str(outcome)})

    with display("Erasing again", as_json=output.as_json) as shown:
        result = erase_again(stack, arguments.workers, report, shown.show, go=arguments.go)
    counts = {str(outcome): result.customers[outcome] for outcome in ErasingOutcome if result.customers[outcome]}
    found = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items()) or "nobody was ever erased"
    hint = " --go erases them." if result.customers[ErasingOutcome.WAITS] else ""
    output.print_sentence(f"{found}.{hint}", customers=counts, left=result.remaining)
    return 1 if result.remaining else 0


def check(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Print what the stack's tables lack.

    Returns:
        1 when they lack anything.
    """
    found = list(shortcomings(stack))
    for table, problem in found:
        output.print_row(LACKS, {"table": table, "problem": problem})
    output.print_sentence(
        f"Epoch {stack.epoch}: {len(found)} problem(s) with the tables.", epoch=stack.epoch, problems=len(found)
    )
    return 1 if found else 0


def reopen(stack: Stack, _: argparse.Namespace, output: Output) -> int:
    """Let the functions behind the API run again."""
    _must_be_on_aws(stack)
    stack.parameters.change({"Closed": "false"})
    output.print_sentence("The API is open.", closed=False)
    return 0


def _must_be_on_aws(stack: Stack) -> None:
    # The file with its outputs would still name the old table.
    if stack.is_local:
        raise CommandError("The local stack is not recovered but started again: pass --stack-name for one on AWS.")
