"""`backfill`: sends customers' events from the event table to one consumer's queue."""

import argparse
from typing import Final

from operations.display import display
from operations.errors import CommandError
from operations.jobs.backfill.run import BackfillOptions, BackfillResult, run_backfill
from operations.jobs.backfill.selection import Selection
from operations.output import Output
from operations.stack import Stack

UNSENT: Final = {"customer_id": 36, "from_version": 12, "reason": 40}


def backfill(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Send the events of every selected customer to a queue.

    Returns:
        1 when events of a customer could not be sent.
    """
    options = _options(arguments)
    title = f"{'Reading for' if options.dry_run else 'Sending to'} {options.queue}"
    with display(title, as_json=output.as_json) as shown:
        result = run_backfill(stack, options, shown.show)
    _print_result(result, options, output)
    return 1 if result.progress.problems else 0


def _options(arguments: argparse.Namespace) -> BackfillOptions:
    if arguments.since and arguments.until and arguments.until <= arguments.since:
        raise CommandError("--to must be after --from.")
    return BackfillOptions(
        queue=arguments.queue,
        selection=Selection(arguments.since or "", arguments.until or "", tuple(sorted(set(arguments.customers)))),
        rate=arguments.rate,
        workers=arguments.workers,
        dry_run=arguments.dry_run,
        resume=arguments.resume,
    )


def _print_result(result: BackfillResult, options: BackfillOptions, output: Output) -> None:
    for unsent in result.unsent:
        output.print_row(
            UNSENT,
            {"customer_id": unsent.customer_id, "from_version": unsent.version, "reason": unsent.reason},
        )
    progress, sent = result.progress, result.sent
    output.print_sentence(
        f"{sent:,} events of {progress.customers:,} customers {'would be sent' if options.dry_run else 'sent'} "
        f"to {options.queue}.",
        queue=options.queue,
        dry=options.dry_run,
        sent=sent,
        customers=progress.customers,
        unsent=progress.problems,
    )
    if progress.problems:
        output.print_sentence(
            f"The events of {progress.problems:,} customers were not sent from the version listed above on: "
            "fix the cause, then send them with --customer."
        )
