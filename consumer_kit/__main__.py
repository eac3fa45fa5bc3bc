"""Commands for a team that operates a consumer: `python -m consumer_kit --help`."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from consumer_kit import __version__, fifo
from consumer_kit.dead_letters import DeadLetter, DeadLetters
from consumer_kit.dynamodb_inbox import DynamoDbInbox
from consumer_kit.event import FIRST_EPOCH
from consumer_kit.inbox import Inbox, InboxConflict
from consumer_kit.ordering import CannotSkip
from consumer_kit.skipping import skip, to_message

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_sqs import SQSClient

EXAMPLES: Final = """examples:
  python -m consumer_kit waiting --table staging-customers-welcome --minutes 15
  python -m consumer_kit left-behind --table staging-customers-welcome --epoch 2
  python -m consumer_kit dead-letters --dead-letters "$DEAD_LETTER_QUEUE_URL"
  python -m consumer_kit redrive --dead-letters "$DEAD_LETTER_QUEUE_URL" --queue "$QUEUE_URL" \\
      --table staging-customers-welcome
  python -m consumer_kit skip --table staging-customers-welcome --queue "$QUEUE_URL" \\
      --customer 4c5c7f0a-7a34-4c59-9d9b-0c7d0c0f8a01 --version 3
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 1 if the command found a missing event or a dead letter, or leaves one in the queue; 2 if a
        request to AWS failed or boto3 is missing.
    """
    options = _parser().parse_args(arguments)
    try:
        import boto3  # noqa: PLC0415 - only the command line needs it
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError:
        print('consumer_kit: boto3 is missing. Install the kit with its extra "aws", or boto3 itself.', file=sys.stderr)
        return 2

    try:
        return _run(options, boto3.Session())
    except (BotoCoreError, ClientError) as error:
        print(f"consumer_kit: {error}", file=sys.stderr)
        return 2
    except CannotSkip as error:
        print(f"consumer_kit: nothing was skipped: {error}", file=sys.stderr)
        return 2
    except InboxConflict:
        print("consumer_kit: the consumer wrote its inbox meanwhile, run the command again", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace, session: "boto3.Session") -> int:
    if options.command == "waiting":
        inbox = DynamoDbInbox(session.client("dynamodb"), options.table)
        return _print_missing_events(inbox, timedelta(minutes=options.minutes))
    if options.command == "skip":
        return _skip(DynamoDbInbox(session.client("dynamodb"), options.table), session.client("sqs"), options)
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
    found = 0
    for missing in inbox.missing_events(_timestamp(datetime.now(UTC) - age)):
        print(f"{missing.customer_id}  version {missing.version} is missing since {missing.since}", flush=True)
        found = 1
    return found


def _skip(inbox: Inbox, sqs: "SQSClient", options: argparse.Namespace) -> int:
    """Skip a version, and have the consumer handle what waited for it."""
    released = skip(inbox, options.customer, options.version, _timestamp(datetime.now(UTC)))
    print(f"Version {options.version} of customer {options.customer} is skipped.")
    if released is None:
        print(f"Version {options.version + 1} is missing, too: the held events still wait.")
        return 1
    unique = f"skip-{options.version}-{uuid4()}"
    group = fifo.parameters(options.queue, released.customer_id, unique)
    sqs.send_message(QueueUrl=options.queue, MessageBody=to_message(released), **group)
    print(f"Sent to the queue: version {released.version}, which releases the held events after it.")
    return 0


def _timestamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


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
        print(f"{dead_letter.message_id}  {dead_letter.description}: {dead_letter.reason}", flush=True)
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
    parser.add_argument("--version", action="version", version=f"consumer_kit {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    waiting = commands.add_parser("waiting", help="list the customers with a missing event; exit with 1 if any")
    waiting.add_argument("--table", required=True, help="name of the consumer's table")
    waiting.add_argument(
        "--minutes", type=float, default=15, help="list events missing for at least this long (default: 15)"
    )
    skipping = commands.add_parser(
        "skip", help="skip a missing version that no longer exists; exit with 1 if the next one is missing, too"
    )
    skipping.add_argument("--table", required=True, help="name of the consumer's table")
    skipping.add_argument("--queue", required=True, metavar="URL", help="URL of the consumer's queue")
    skipping.add_argument("--customer", required=True, metavar="ID", help="the customer's id, as `waiting` prints it")
    skipping.add_argument(
        "--version", required=True, type=int, metavar="N", help="the missing version, as `waiting` prints it"
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
