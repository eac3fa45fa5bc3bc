"""The commands and their options."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NoReturn

from operations import options
from operations.account import AwsAccount
from operations.actions import (
    backfill,
    clean_up,
    generations,
    preflight,
    rebuild,
    recover,
    redrive,
    redrive_failures,
    status,
    verify,
    verify_claims,
    verify_erasures,
    versions,
)
from operations.output import Output
from operations.stack import Stack

Action = Callable[[Stack, argparse.Namespace, Output], int]
AccountAction = Callable[[AwsAccount, argparse.Namespace, Output], int]

PROGRAM: Final = "customers"
_SAME_COMMAND: Final = "the same command continues from here"
_WITH_RESUME: Final = "the same command with --resume continues from here"


@dataclass(frozen=True, slots=True)
class Command:
    """A command or a step of a `Group`.

    Attributes:
        name: The word or the two words that are typed.
        action: Carries the command out, and returns the exit status.
        help: What the command does, in one line without a period.
        example: The words of an example, without the program's name.
        add_options: Add the command's own options.
        how_to_continue: Printed after an interruption.
        needs_stack: Whether the action works on a stack that stands. Otherwise it works on the account.
    """

    name: str
    action: Action | AccountAction
    help: str
    example: str
    add_options: tuple[options.AddOptions, ...] = ()
    how_to_continue: str = _SAME_COMMAND
    needs_stack: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A command that is carried out in steps.

    Attributes:
        name: The word that is typed before a step's name.
        help: What the steps do together, in one line without a period.
        example: The words of an example, without the program's name.
        steps: In the order in which they are carried out.
    """

    name: str
    help: str
    example: str
    steps: tuple[Command, ...]


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and how to get help, and exit with status 2."""
        words = f"{self.prog} --help".removeprefix(f"{PROGRAM} ")
        sentence = message.removeprefix("argument ")
        self.exit(2, f"{self.prog}: {sentence}. Help: make customers ARGS='{words}'\n")


def example_of(words: str) -> str:
    """Return an example as it is typed in a shell."""
    return f'make customers ARGS="{words}"'


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line.

    Args:
        words: The command line without the program's name.

    Returns:
        The options; `run` is the command's action, `needs_stack` whether it works on a stack or on the account, and
        `how_to_continue` what to print after an interruption.
    """
    name = " ".join(words[:2])
    if name in {command.name for command in COMMANDS}:
        words = [name, *words[2:]]
    return build_parser().parse_args(words)


@cache
def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog=PROGRAM,
        description="Looks after the projection of customers, the published events and the deployed stages.",
        epilog=f"Example: {example_of('status')}",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        _add(commands, command)
    for group in GROUPS:
        steps_parser = commands.add_parser(
            group.name,
            help=group.help,
            description=_sentence(group.help),
            epilog=f"Example: {example_of(group.example)}",
        )
        steps = steps_parser.add_subparsers(title="steps", required=True, metavar="STEP")
        for step in group.steps:
            _add(steps, step)
    return parser


def _add(commands: "argparse._SubParsersAction[Parser]", command: Command) -> None:
    parser = commands.add_parser(
        command.name,
        help=command.help,
        description=_sentence(command.help),
        epilog=f"Example: {example_of(command.example)}",
    )
    parser.set_defaults(run=command.action, how_to_continue=command.how_to_continue, needs_stack=command.needs_stack)
    for add in command.add_options:
        add(parser)
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of columns")
    parser.add_argument(
        "--stack-name", default="", metavar="NAME", help="CloudFormation stack on AWS (default: the local stack)"
    )
    parser.add_argument("--home", default="", metavar="FOLDER", help="folder of the local stack (default: .local)")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


COMMANDS: Final = (
    Command(
        "status",
        status.status,
        "show what is wrong with the stack, and how far behind the events each mapping is",
        "status",
        (options.shown_view_option,),
    ),
    Command(
        "parked",
        status.parked,
        "list the parked customers and the reasons",
        "parked --generation 2",
        (options.view_option, options.generation_option("the active one")),
    ),
    Command(
        "redrive",
        redrive.redrive,
        "bring parked customers back once the cause is fixed",
        "redrive --go",
        (
            options.view_option,
            options.generation_option("every generation that is fed"),
            options.go_options("redrive the customers", "customers of each generation"),
            options.workers_option,
        ),
    ),
    Command(
        "redrive-failures",
        redrive_failures.redrive_failures,
        "reprocess lost batches and unpublished events",
        "redrive-failures --go",
        (
            options.go_options("reprocess the messages", "messages of each queue"),
            options.drop_missing_option,
            options.workers_option,
        ),
    ),
    Command(
        "verify",
        verify.verify,
        "compare the rows of a generation with the events",
        "verify --repair",
        (
            options.view_option,
            options.generation_option("the active one"),
            options.compare_options(
                "write the rows that differ, finish cut erasures, and delete rows that belong to no generation"
            ),
            options.workers_option,
        ),
        _WITH_RESUME,
    ),
    Command(
        "verify claims",
        verify_claims.verify_claims,
        "compare the claims on e-mail addresses with the events",
        "verify claims --repair",
        (
            options.compare_options("take, move or release the claims that differ"),
            options.take_missing_option,
            options.workers_option,
        ),
        _WITH_RESUME,
    ),
    Command(
        "verify erasures",
        verify_erasures.verify_erasures,
        "compare the log of erasures with the events",
        "verify erasures --repair",
        (
            options.compare_options("add the erased customers whom the log lacks"),
            options.workers_option,
        ),
    ),
    Command(
        "backfill",
        backfill.backfill,
        "send customers' events to one consumer's queue",
        "backfill --queue orders-customers --dry-run",
        (options.backfill_options, options.workers_option),
        _WITH_RESUME,
    ),
    Command(
        "preflight",
        preflight.preflight,
        "say what would stop a deployment, and change nothing",
        "preflight --stage staging",
        (options.stage_option, options.preflight_options),
        needs_stack=False,
    ),
    Command(
        "clean-up",
        clean_up.clean_up,
        "remove a failed or unwanted stage with all leftovers",
        "clean-up --stage staging",
        (options.stage_option, options.confirm_option),
        needs_stack=False,
    ),
    Command(
        "versions",
        versions.versions,
        "delete published versions of functions that nothing uses any more",
        "versions --keep 3 --go",
        (options.versions_options,),
    ),
)

REBUILD_HELP: Final = "rebuild the projection in a new generation"
REBUILD_STEPS: Final = (
    Command(
        "start",
        rebuild.start,
        "begin a new generation",
        "rebuild start --shards 16",
        (options.view_option, options.shards_option),
    ),
    Command(
        "run",
        rebuild.run,
        "fill the new generation from the events",
        "rebuild run --rate 200",
        (options.view_option, options.write_rate_option, options.workers_option),
    ),
    Command(
        "status", rebuild.status, "show how far the new generation is filled", "rebuild status", (options.view_option,)
    ),
    Command(
        "watch",
        rebuild.watch,
        "show the progress of a rebuild that runs elsewhere, until the new generation is filled",
        "rebuild watch",
        (options.view_option,),
    ),
    Command(
        "verify",
        rebuild.verify,
        "compare the new generation with the events",
        "rebuild verify",
        (options.view_option, options.workers_option, options.accept_parked_option, options.resume_option),
        _WITH_RESUME,
    ),
    Command(
        "switch", generations.switch, "let queries read the new generation", "rebuild switch", (options.view_option,)
    ),
    Command(
        "all",
        rebuild.everything,
        "do all remaining steps from start to switch",
        "rebuild all --workers 8",
        (
            options.view_option,
            options.write_rate_option,
            options.workers_option,
            options.accept_parked_option,
            options.shards_option,
        ),
    ),
    Command(
        "rollback",
        generations.rollback,
        "let queries read the previous generation again",
        "rebuild rollback",
        (options.view_option,),
    ),
    Command("retire", generations.retire, "give up the previous generation", "rebuild retire", (options.view_option,)),
    Command(
        "abandon",
        generations.abandon,
        "give up the new generation instead of switching",
        "rebuild abandon",
        (options.view_option,),
    ),
    Command(
        "remove",
        generations.remove,
        "delete the rows of retired generations",
        "rebuild remove --rate 200",
        (options.view_option, options.write_rate_option),
    ),
)

RECOVER_STEPS: Final = (
    Command("close", recover.close, "refuse every request for customers", "recover close"),
    Command(
        "restore",
        recover.restore,
        "restore the event table to a new one, and other tables that are gone",
        "recover restore --to 2026-11-01T00:00:00Z",
        (options.restore_time_option,),
    ),
    Command("point", recover.point, "let the stack use the restored event table, in the next epoch", "recover point"),
    Command(
        "erase",
        recover.erase,
        "erase again whom the log of erasures names",
        "recover erase --go",
        (options.erase_option, options.workers_option),
    ),
    Command("check", recover.check, "show what the stack's tables lack", "recover check"),
    Command("open", recover.reopen, "answer requests again", "recover open"),
)

GROUPS: Final = (
    Group("rebuild", REBUILD_HELP, "rebuild all", REBUILD_STEPS),
    Group("recover", "bring a stack back after the event table was lost", "recover check", RECOVER_STEPS),
)
