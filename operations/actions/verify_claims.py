"""`verify claims`: lists every claim that differs from the events, and repairs the claims if asked to."""

import argparse
from typing import Final

from operations.display import display
from operations.jobs.claims.comparison import ClaimFinding, compare_claims
from operations.jobs.claims.differences import ClaimDifferenceKind
from operations.jobs.comparison import CompareOptions
from operations.output import Output
from operations.stack import Stack

CLAIM_DIFFERENCES: Final = {"kind": 10, "customer_id": 36, "holder": 36, "repaired": 8}
_SHARED: Final = "Customers with one address need a decision: change the address of one of them, or erase one."


def verify_claims(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Compare the claims table with the event table, both ways.

    Returns:
        1 when differences remain.
    """

    def report(finding: ClaimFinding) -> None:
        _print_finding(finding, output)

    options = CompareOptions(
        arguments.workers,
        arguments.segments,
        arguments.repair or arguments.take_missing,
        resume=arguments.resume,
    )
    with display("Verifying claims", as_json=output.as_json) as shown:
        comparison = compare_claims(stack, options, report, shown.show, only_missing=arguments.take_missing)
    unrepaired = comparison.unrepaired
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(unrepaired.items())) or "no difference"
    repaired = f" {comparison.repaired} repaired." if comparison.repaired else ""
    output.print_sentence(
        f"{comparison.customers:,} customers and {comparison.claims:,} claims compared, {kinds}.{repaired}",
        customers=comparison.customers,
        claims=comparison.claims,
        left={str(kind): count for kind, count in unrepaired.items()},
        repaired=comparison.repaired,
    )
    if unrepaired[ClaimDifferenceKind.SHARED]:
        output.print_sentence(_SHARED)
    return 1 if unrepaired.total() else 0


def _print_finding(finding: ClaimFinding, output: Output) -> None:
    difference = finding.difference
    output.print_row(
        CLAIM_DIFFERENCES,
        {
            "kind": str(difference.kind),
            "customer_id": difference.customer.customer_id if difference.customer else None,
            "holder": difference.holder.customer_id if difference.holder else None,
            "repaired": finding.repaired,
        },
    )
