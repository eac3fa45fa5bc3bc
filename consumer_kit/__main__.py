"""Commands for a team that operates a consumer: `python -m consumer_kit --help`."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from consumer_kit.dead_letters import DeadLetter, DeadLetters
from consumer_kit.dynamodb_inbox import DynamoDbInbox
from consumer_kit.event import FIRST_EPOCH

if TYPE_CHECKING:
    import boto3

EXAMPLES: Final = """examples:
  python -m consumer_kit waiting --table staging-customers-welcome --minutes 15
  python -m consumer_kit left-behind --table staging-customers-welcome --epoch 2
  python -m consumer_kit dead-letters --dead-letters "$DEAD_LETTER_QUEUE_URL"
  python -m consumer_kit redrive --dead-letters "$DEAD_LETTER_QUEUE_URL" --queue "$QUEUE_URL" \\
      --table staging-customers-welcome
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 1 if the command found a missing event or a dead letter, or leaves one in the queue; 2 if a
        request to AWS failed.
    """
    options = _parser().parse_args(arguments)
    import boto3  # noqa: PLC0415 - only the command line needs it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return _run(options, boto3.Session())
    except (BotoCoreError, ClientError) as error:
        print(f"consumer_kit: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace, session: "boto3.Session") -> int:
    if options.command == "waiting":
        inbox = DynamoDbInbox(session.client("dynamodb"), options.table)
        return _print_missing_events(inbox, timedelta(minutes=options.minutes))
    if options.command == "left-behind":
        return _print_left_behind(DynamoDbInbox(session.client("dynamodb"), options.table), options.epoch)
    dead_letters = DeadLetters(session.client("sqs"), options.dead_letters)
    if options.command == "dead-letters":
        return int(bool(_print_dead_letters(dead_letters.list())))
    table = DynamoDbInbox(session.client("dynamodb"), options.table) if options.table else None
    found = _print_dead_letters(dead_letters.redrive(options.queue, table))
    print(f"Sent back: {sum(not dead_letter.needs_backfill for dead_letter in found)}")
    return int(any(dead_letter.needs_backfill for dead_letter in found))


def _print_missing_events(inbox: DynamoDbInbox, age: timedelta) -> int:
    since = (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    missing_events = list(inbox.missing_events(since))
    for missing in missing_events:
        print(f"{missing.customer_id}  version {missing.version} is missing since {missing.since}")
    return int(bool(missing_events))


def _print_left_behind(inbox: DynamoDbInbox, epoch: int) -> int:
    found = 0
    for customer_id in inbox.left_behind(epoch):
        print(f"{customer_id}  has no event of epoch {epoch}")
        found += 1
    return int(bool(found))


def _epoch(text: str) -> int:
    epoch = int(text) if text.isascii() and text.isdecimal() else 0
    if epoch <= FIRST_EPOCH:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 2 or more")
    return epoch


def _print_dead_letters(dead_letters: Iterable[DeadLetter]) -> list[DeadLetter]:
    printed = []
    for dead_letter in dead_letters:
        print(f"{dead_letter.message_id}  {dead_letter.description}: {dead_letter.reason}")
        printed.append(dead_letter)
    incomplete = sorted({each.customer_id for each in printed if each.needs_backfill and each.customer_id})
    if incomplete:
        print(f"Ask the owners of the stream for a backfill of these customers: {' '.join(incomplete)}")
    return printed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m consumer_kit",
        description="Operate a consumer of customer events.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    waiting = commands.add_parser("waiting", help="list the customers with a missing event; exit with 1 if any")
    waiting.add_argument("--table", required=True, help="name of the consumer's table")
    waiting.add_argument(
        "--minutes", type=float, default=15, help="list events missing for at least this long (default: 15)"
    )
    left_behind = commands.add_parser(
        "left-behind", help="list the customers of whom no event of an epoch has arrived; exit with 1 if any"
    )
    left_behind.add_argument("--table", required=True, help="name of the consumer's table")
    left_behind.add_argument("--epoch", required=True, type=_epoch, metavar="N", help="the service's epoch, 2 or more")
    dead_letters = commands.add_parser(
        "dead-letters", help="list the dead letters, without personal data; exit with 1 if any"
    )
    redrive = commands.add_parser("redrive", help="send the dead letters back to the consumer's queue")
    for command in (dead_letters, redrive):
        command.add_argument("--dead-letters", required=True, metavar="URL", help="URL of the dead-letter queue")
    redrive.add_argument("--queue", required=True, metavar="URL", help="URL of the consumer's queue")
    redrive.add_argument("--table", help="name of the consumer's table: removes the letters whose event it has handled")
    return parser


if __name__ == "__main__":
    sys.exit(main())
