"""`python -m operations COMMAND`, which `make customers` calls."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Final

from local.signals import INTERRUPTED, discard_output, sigterm_as_interrupt
from operations.account import AwsAccount, connect_account
from operations.command_line import parse
from operations.errors import REPORTED, sentence_of
from operations.output import Output
from operations.stack import Stack, connect
from projections.customers import CUSTOMERS
from projections.generations import WrongStep

FAILED: Final = 1


def main(
    words: Sequence[str],
    connect_to: Callable[[str, str], Stack] = connect,
    connect_to_account: Callable[[], AwsAccount] = connect_account,
) -> int:
    """Run one command; report every expected error in one sentence.

    Args:
        words: The command line without the program's name.
        connect_to: Called with the stack's name and the local stack's folder.
        connect_to_account: Called for commands that work on an account.

    Returns:
        The exit status: 0 for success, 1 for a failure or for work that is left, 130 when interrupted.
    """
    arguments = parse(words)
    try:
        with sigterm_as_interrupt():
            place = _place(arguments, connect_to, connect_to_account)
            status: int = arguments.run(place, arguments, Output(as_json=arguments.json))
    except REPORTED as error:
        print(f"customers: {sentence_of(error)}{_view_hint(error, arguments)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"\ncustomers: interrupted; {arguments.how_to_continue}.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return FAILED
    return status


def _place(
    arguments: Namespace, connect_to: Callable[[str, str], Stack], connect_to_account: Callable[[], AwsAccount]
) -> Stack | AwsAccount:
    if not arguments.needs_stack:
        return connect_to_account()
    stack = connect_to(arguments.stack_name, arguments.home)
    return stack.for_view(arguments.view) if "view" in arguments else stack


def _view_hint(error: Exception, arguments: Namespace) -> str:
    """Errors name the commands that help without their options."""
    view = getattr(arguments, "view", CUSTOMERS.name)
    if view == CUSTOMERS.name or not isinstance(error, WrongStep):
        return ""
    return f" This is about the view {view}: add --view {view} to the commands."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
