"""The words of the command line."""

import argparse
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from events.customer import is_customer_id
from operations.actions import backfill, generations, rebuild, redrive, redrive_failures, status, verify
from operations.output import Output
from operations.stack import MOST_WORKERS, Stack
from shared.runtime.clock import timestamp

Command = Callable[[Stack, argparse.Namespace, Output], int]
WORKERS: Final = 4


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line.

    Args:
        words: Without the program's name.

    Returns:
        The options, and the command as `run`.
    """
    parser = argparse.ArgumentParser(prog="customers", description="Looks after the projection of customers.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add(commands, "status", status.status, "the generations, and what waits")
    listed = _add(commands, "parked", status.parked, "the customers whose projection stands still")
    _generation(listed, "the one that is read")
    redriven = _add(commands, "redrive", redrive.redrive, "bring parked customers back")
    _generation(redriven, "all that are fed")
    _dry(redriven, "customers")
    lost = _add(commands, "redrive-failures", redrive_failures.redrive_failures, "catch up on what was given up")
    _dry(lost, "messages of each queue")
    verified = _add(commands, "verify", verify.verify, "compare the projection with the events")
    _generation(verified, "the one that is read")
    verified.add_argument("--repair", action="store_true", help="write the rows that the events make")
    verified.add_argument("--segments", type=_positive, help="parts of the reading (default: by the table's size)")
    _workers(verified)
    _add_backfill(_add(commands, "backfill", backfill.backfill, "send customers' events to one consumer's queue"))
    rebuild_command = commands.add_parser("rebuild", help="fill a new generation, and let queries read it")
    _add_rebuild(rebuild_command)
    return parser.parse_args(words)


def _add_rebuild(command: argparse.ArgumentParser) -> None:
    steps = command.add_subparsers(title="steps", required=True, metavar="STEP")
    _add(steps, "start", rebuild.start, "begin a new generation")
    filled = _add(steps, "run", rebuild.run, "fill it, from where the last run stopped")
    _add(steps, "status", rebuild.status, "how far it is")
    _add(steps, "watch", rebuild.watch, "how far and how fast, until it is filled, whoever fills it")
    verified = _add(steps, "verify", rebuild.verify, "compare it with the events")
    _add(steps, "switch", generations.switch, "let queries read it")
    everything = _add(steps, "all", rebuild.everything, "from start to switch")
    _add(steps, "rollback", generations.rollback, "let queries read the one before")
    _add(steps, "retire", generations.retire, "give up the one before")
    _add(steps, "abandon", generations.abandon, "give up the new one")
    removed = _add(steps, "remove", generations.remove, "delete the rows of those given up")
    for step in (filled, everything, removed):
        step.add_argument(
            "--rate", type=_rate, help="write units a second at most; a row takes two (default: no limit)"
        )
    for step in (filled, verified, everything):
        _workers(step)
    for step in (verified, everything):
        step.add_argument("--accept-parked", action="store_true", help="parked customers are no hindrance")


def _add_backfill(command: argparse.ArgumentParser) -> None:
    command.add_argument("--queue", required=True, help="its name, URL or ARN")
    command.add_argument(
        "--from",
        dest="since",
        type=_instant,
        metavar="TIME",
        help="customers who changed since then, such as 2026-11-01T00:00:00Z",
    )
    command.add_argument("--to", dest="until", type=_instant, metavar="TIME", help="and before then")
    command.add_argument(
        "--customer",
        dest="customers",
        type=_customer,
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="these alone",
    )
    command.add_argument(
        "--rate", type=_rate, default=backfill.RATE, metavar="N", help="at most so many messages a second (200)"
    )
    _workers(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    how.add_argument("--resume", action="store_true", help="go on with the same backfill where it stopped")
    command.set_defaults(again="the same command with --resume goes on from here")


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Command, text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(run=run, again="the same command goes on from here")
    command.add_argument("--json", action="store_true", help="JSON lines")
    command.add_argument("--stack-name", default="", help="a stack that your AWS credentials reach")
    command.add_argument("--home", default="", help="folder of a local stack (default: .local)")
    return command


def _generation(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument("--generation", type=_positive, metavar="N", help=f"which (default: {default})")


def _dry(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("--go", action="store_true", help="do it; without it, say only what would happen")
    command.add_argument("--limit", type=_positive, metavar="N", help=f"at most so many {what}")


def _workers(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workers", type=_some_workers, default=WORKERS, metavar="N", help=f"threads ({WORKERS})")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _instant(text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} is no time with a zone, such as 2026-11-01T00:00:00Z")
    return timestamp(instant)


def _customer(text: str) -> str:
    if not is_customer_id(text):
        raise argparse.ArgumentTypeError(f"{text} is no customer's id: a UUID in lower case is")
    return text


def _some_workers(text: str) -> int:
    return min(_positive(text), MOST_WORKERS)


def _rate(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return number
