"""The options of the commands, and the parsers of their values. Each error says what the option accepts."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from math import inf
from typing import Final

from events.customer import parse_customer_id
from operations.stack import MAX_WORKERS
from projections.customers import CUSTOMERS
from projections.generation_details import MOST_SHARDS
from projections.views import VIEWS, UnknownView, view_named
from shared.runtime.clock import timestamp

AddOptions = Callable[[ArgumentParser], None]

DEFAULT_WORKERS: Final = 4
DEFAULT_KEPT: Final = 1
MESSAGES_A_SECOND: Final = 200.0


def positive_integer(text: str) -> int:
    """Parse a whole number of 1 or more."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return number


def worker_count(text: str) -> int:
    """Parse a number of threads; more than `MAX_WORKERS` count as `MAX_WORKERS`."""
    return min(positive_integer(text), MAX_WORKERS)


def rate(text: str) -> float:
    """Parse a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < inf:
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def instant(text: str) -> str:
    """Parse a time with a zone; return it as RFC 3339 in UTC, 27 characters."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} is not a time with a zone, such as 2026-11-01T00:00:00Z")
    return timestamp(parsed)


def customer_id(text: str) -> str:
    """Parse a customer id."""
    parsed = parse_customer_id(text)
    if parsed is None:
        raise ArgumentTypeError(f"{text!r} is not a customer id (a UUID)")
    return parsed


def generation_option(default: str) -> AddOptions:
    """Add `--generation`.

    Args:
        default: The generation without the option, in words.
    """

    def add(parser: ArgumentParser) -> None:
        parser.add_argument(
            "--generation",
            type=positive_integer,
            metavar="N",
            help=f"generation to work on (default: {default})",
        )

    return add


def view_name(text: str) -> str:
    """Parse the name of a view."""
    try:
        return view_named(text).name
    except UnknownView as unknown:
        raise ArgumentTypeError(str(unknown).rstrip(".")) from None


def view_option(parser: ArgumentParser) -> None:
    """Add `--view`."""
    names = ", ".join(view.name for view in VIEWS)
    parser.add_argument(
        "--view",
        type=view_name,
        default=CUSTOMERS.name,
        metavar="NAME",
        help=f"view to work on, one of: {names} (default: {CUSTOMERS.name})",
    )


def shown_view_option(parser: ArgumentParser) -> None:
    """Add `--view` of a command that shows every view without it."""
    names = ", ".join(view.name for view in VIEWS)
    parser.add_argument(
        "--view",
        dest="shown_view",
        type=view_name,
        metavar="NAME",
        help=f"show the generations of this view alone, one of: {names} (default: all)",
    )


def go_options(effect: str, limited: str) -> AddOptions:
    """Add `--go` and `--limit`.

    Args:
        effect: What `--go` does.
        limited: What `--limit` counts.
    """

    def add(parser: ArgumentParser) -> None:
        parser.add_argument("--go", action="store_true", help=f"{effect}; without --go, only show what would happen")
        parser.add_argument(
            "--limit", type=positive_integer, metavar="N", help=f"process at most N {limited} (default: all)"
        )

    return add


def compare_options(repair: str) -> AddOptions:
    """Add `--repair`, `--segments` and `--resume`.

    Args:
        repair: What `--repair` does.
    """

    def add(parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help=repair)
        parser.add_argument(
            "--segments",
            type=positive_integer,
            metavar="N",
            help="split the event table into N segments (default: depends on the size of the table)",
        )
        resume_option(parser)

    return add


def resume_option(parser: ArgumentParser) -> None:
    """Add `--resume` of a comparison."""
    parser.add_argument("--resume", action="store_true", help="continue where this verification was interrupted")


def drop_missing_option(parser: ArgumentParser) -> None:
    """Add `--drop-missing`."""
    parser.add_argument(
        "--drop-missing",
        action="store_true",
        help="with --go, delete the messages about single events that never were in the event table",
    )


def take_missing_option(parser: ArgumentParser) -> None:
    """Add `--take-missing`."""
    parser.add_argument(
        "--take-missing",
        action="store_true",
        help="take missing claims and release none, before a deployment that changes the form of claims",
    )


def restore_time_option(parser: ArgumentParser) -> None:
    """Add `--to`."""
    parser.add_argument(
        "--to",
        dest="at",
        type=instant,
        metavar="TIME",
        help="restore the event table as of TIME, such as 2026-11-01T00:00:00Z (default: the latest possible)",
    )


def erase_option(parser: ArgumentParser) -> None:
    """Add `--go`."""
    parser.add_argument("--go", action="store_true", help="erase the customers; without --go, only show whom")


def workers_option(parser: ArgumentParser) -> None:
    """Add `--workers`."""
    parser.add_argument(
        "--workers",
        type=worker_count,
        default=DEFAULT_WORKERS,
        metavar="N",
        help=f"number of threads, at most {MAX_WORKERS} (default: {DEFAULT_WORKERS})",
    )


def write_rate_option(parser: ArgumentParser) -> None:
    """Add `--rate`, in write units a second."""
    parser.add_argument(
        "--rate",
        type=rate,
        metavar="N",
        help="use at most N write units a second; a row takes two or more (default: no limit)",
    )


def shard_count(text: str) -> int:
    """Parse a number of shards, 1 to `MOST_SHARDS`."""
    number = positive_integer(text)
    if number > MOST_SHARDS:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_SHARDS}")
    return number


def shards_option(parser: ArgumentParser) -> None:
    """Add `--shards`."""
    parser.add_argument(
        "--shards",
        type=shard_count,
        metavar="N",
        help=f"spread the new rows over N partitions of each index, at most {MOST_SHARDS} "
        "(default: as many as the active generation has)",
    )


def accept_parked_option(parser: ArgumentParser) -> None:
    """Add `--accept-parked`."""
    parser.add_argument("--accept-parked", action="store_true", help="switch even if customers are parked")


def whole_number(text: str) -> int:
    """Parse a whole number of 0 or more."""
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a whole number of 0 or more")
    return int(text)


def versions_options(parser: ArgumentParser) -> None:
    """Add `--go` and `--keep`."""
    parser.add_argument("--go", action="store_true", help="delete the versions; without --go, only show the numbers")
    parser.add_argument(
        "--keep",
        type=whole_number,
        default=DEFAULT_KEPT,
        metavar="N",
        help=f"keep the newest N of each function's unused versions (default: {DEFAULT_KEPT})",
    )


def backfill_options(parser: ArgumentParser) -> None:
    """Add the options of `backfill`."""
    parser.add_argument("--queue", required=True, help="name, URL or ARN of the consumer's queue")
    parser.add_argument(
        "--from",
        dest="since",
        type=instant,
        metavar="TIME",
        help="send only customers with an event at or after TIME, such as 2026-11-01T00:00:00Z",
    )
    parser.add_argument(
        "--to",
        dest="until",
        type=instant,
        metavar="TIME",
        help="send only customers with an event before TIME",
    )
    parser.add_argument(
        "--customer",
        dest="customers",
        type=customer_id,
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="send only the customers with these ids",
    )
    parser.add_argument(
        "--rate",
        type=rate,
        default=MESSAGES_A_SECOND,
        metavar="N",
        help=f"send at most N messages a second, over all threads (default: {MESSAGES_A_SECOND:g})",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="count the events and send nothing")
    mode.add_argument("--resume", action="store_true", help="continue the newest backfill with the same options")


def stage_option(parser: ArgumentParser) -> None:
    """Add `--stage`."""
    parser.add_argument(
        "--stage",
        default="staging",
        metavar="NAME",
        help="the stage, whose stack is CustomersApi{Stage} (default: staging)",
    )


def preflight_options(parser: ArgumentParser) -> None:
    """Add the options that say what will be deployed."""
    parser.add_argument(
        "--reserved",
        type=positive_integer,
        default=0,
        metavar="N",
        help="concurrent executions that the parameters reserve: four times ReadConcurrency, ProjectorConcurrency and "
        "PublisherConcurrency (default: 0)",
    )
    parser.add_argument(
        "--sets-gateway-account", action="store_true", help="the stack is deployed with SetsGatewayAccount=true"
    )
    parser.add_argument("--pipeline", action="store_true", help="also check what the deployment pipeline needs")
    parser.add_argument(
        "--source",
        choices=("connection", "token"),
        default="connection",
        help="the pipeline's source (default: connection)",
    )


def confirm_option(parser: ArgumentParser) -> None:
    """Add `--confirm`."""
    parser.add_argument(
        "--confirm", default="", metavar="STACK", help="name of the stack, instead of an answer to the question"
    )
