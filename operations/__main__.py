"""`python -m operations COMMAND`: what make's target `customers` calls."""

import os
import signal
import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from events.store import StoreBusy
from local.errors import StackError
from operations.command_line import parse
from operations.errors import CannotDo
from operations.output import Output
from operations.stack import Stack, connect
from projections.generations import GenerationsChanged, WrongStep
from projections.maintenance.rebuild import RebuildFailed
from projections.read_model import ReadModelBusy

INTERRUPTED = 130  # what a shell gives for Ctrl-C
FAILED = 1
_KNOWN = (
    CannotDo, StackError, WrongStep, GenerationsChanged, RebuildFailed,
    ReadModelBusy, StoreBusy, BotoCoreError, ClientError,
)  # fmt: skip


def main(words: Sequence[str], join: Callable[[str, str], Stack] = connect) -> int:
    """Run one command; whatever stands in its way is told in a sentence.

    Args:
        words: The command line without the program's name.
        join: Finds the stack.

    Returns:
        The exit status: 0 when all is well, 1 when it is not, 130 when interrupted.
    """
    arguments = parse(words)
    # So that a terminated command stops as an interrupted one does: after the page it is at.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        output = Output(as_json=arguments.json)
        status: int = arguments.run(join(arguments.stack_name, arguments.home), arguments, output)
    except _KNOWN as error:
        print(f"customers: {sentence_of(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(f"\ncustomers: interrupted; {arguments.again}.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; without this the interpreter complains when it closes its output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    finally:
        # None: it was not set from Python, and cannot be set back.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
    return status


def sentence_of(error: Exception) -> str:
    """What the operator reads.

    Args:
        error: One that is known to stand in the way now and then.
    """
    match error:
        case GenerationsChanged():
            return "Somebody else changed the generations meanwhile: look at status, then decide again."
        case RebuildFailed() | ReadModelBusy() | StoreBusy():
            return f"The tables are too busy ({error}): run the same command again, it goes on where it stopped."
        case BotoCoreError() | ClientError():
            return f"AWS refused or did not answer ({error})."
        case _:
            return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
