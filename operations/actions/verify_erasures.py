"""`verify erasures`: lists every erased customer whom the log of erasures lacks, and adds them if asked to."""

import argparse
from typing import Final

from operations.display import display
from operations.jobs.comparison import CompareOptions
from operations.jobs.recovery.erasure_log import compare_log
from operations.output import Output
from operations.stack import Stack

MISSING: Final = {"customer_id": 36, "repaired": 8}


def verify_erasures(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare the log of erasures with the event table.

    Returns:
        1 when the log lacks anyone.
    """

    def report(customer_id: str) -> None:
        output.print_row(MISSING, {"customer_id": customer_id, "repaired": arguments.repair})

    options = CompareOptions(arguments.workers, arguments.segments, arguments.repair)
    with display("Verifying the log of erasures", as_json=output.as_json) as shown:
        comparison = compare_log(stack, options, report, shown.show)
    left = comparison.missing - comparison.added
    repaired = f" {comparison.added:,} added." if comparison.added else ""
    output.print_sentence(
        f"{comparison.erased:,} erased customers compared, {comparison.missing:,} not in the log.{repaired}",
        erased=comparison.erased,
        left=left,
        repaired=comparison.added,
    )
    return 1 if left else 0
