"""`clean-up`: remove a failed or unwanted stage with everything that it leaves behind."""

import argparse
from collections.abc import Callable
from typing import Final

from operations.account import AwsAccount
from operations.errors import CommandError
from operations.jobs.clean_up import leftovers, remove
from operations.jobs.stage_names import stack_of
from operations.output import Output

LEFTOVERS: Final = {"what": 9, "name": 60, "note": 40}


def clean_up(
    account: AwsAccount, arguments: argparse.Namespace, output: Output, ask: Callable[[str], str] = input
) -> int:
    """List what is left of a stage, and remove it once its stack's name is typed."""
    stack = arguments.stack_name or stack_of(arguments.stage)
    found = leftovers(account, arguments.stage, stack)
    if not found:
        output.print_sentence(f"Nothing is left of {stack} in {account.region}.", removed=0)
        return 0
    for each in found:
        output.print_row(LEFTOVERS, {"what": each.kind, "name": each.name, "note": each.note})
    _confirm(arguments.confirm, stack, account.region, ask)
    for each in remove(account, arguments.stage, found):
        output.print_sentence(f"removed {each.kind} {each.name}", removed=each.name)
    return 0


def _confirm(given: str, stack: str, region: str, ask: Callable[[str], str]) -> None:
    """Ask for the stack's name, unless an option gave it.

    Raises:
        CommandError: Another name was given or typed, or nobody can type one.
    """
    question = f"\nAll of this, and every customer in it, is deleted for good in {region}. Type {stack} to go on: "
    try:
        typed = given or ask(question)
    except EOFError:
        raise CommandError(f"Nothing was deleted: nobody can type here. Repeat with --confirm {stack}.") from None
    if typed.strip() != stack:
        raise CommandError(f"Nothing was deleted: {typed.strip()!r} is not {stack}.")
