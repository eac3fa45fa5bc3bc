"""What a consuming team looks at and mends by hand: `python -m consumer_kit --help`."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from consumer_kit.dead_letters import DeadLetter, DeadLetters
from consumer_kit.inbox import DynamoDbInbox

if TYPE_CHECKING:
    import boto3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Of the command line.

    Returns:
        1 if something was found that somebody has to look at, 2 if AWS could not be asked.
    """
    given = _parser().parse_args(arguments)
    import boto3  # noqa: PLC0415 - the kit itself can do without
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return _run(given, boto3.Session())
    except (BotoCoreError, ClientError) as error:
        print(f"consumer_kit: {error}", file=sys.stderr)
        return 2


def _run(given: argparse.Namespace, session: "boto3.Session") -> int:
    if given.command == "waiting":
        return _waiting(DynamoDbInbox(session.client("dynamodb"), given.table), timedelta(minutes=given.minutes))
    dead_letters = DeadLetters(session.client("sqs"), given.dead_letters)
    if given.command == "dead-letters":
        return int(_print(dead_letters.list()) > 0)
    print(f"Sent back: {_print(dead_letters.redrive(given.queue))}")
    return 0


def _waiting(inbox: DynamoDbInbox, minutes: timedelta) -> int:
    until = (datetime.now(UTC) - minutes).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = list(inbox.missing_events(until))
    for each in found:
        print(f"{each.customer_id}  version {each.version} is missing since {each.since}")
    return int(bool(found))


def _print(letters: Iterable[DeadLetter]) -> int:
    printed = 0
    for letter in letters:
        print(f"{letter.message_id}  {letter.what}: {letter.reason}")
        printed += 1
    return printed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m consumer_kit", description="Look after a consumer of customer events.")
    commands = parser.add_subparsers(dest="command", required=True)
    waiting = commands.add_parser("waiting", help="list customers for whom an event is missing")
    waiting.add_argument("--table", required=True, help="the consumer's table")
    waiting.add_argument("--minutes", type=float, default=15, help="leave out those who wait for less (default: 15)")
    looking = commands.add_parser("dead-letters", help="list dead letters, without anything personal")
    redrive = commands.add_parser("redrive", help="send dead letters back into the consumer's queue")
    for each in (looking, redrive):
        each.add_argument("--dead-letters", required=True, metavar="URL", help="the dead-letter queue")
    redrive.add_argument("--queue", required=True, metavar="URL", help="the consumer's queue")
    return parser


if __name__ == "__main__":
    sys.exit(main())
