"""The command line of the local stack, called by the make targets.

python -m local up | down | status | token | logs | dynamodb-local
"""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local import demo_user, logs, outputs, stack, status, tables, tokens
from local.environments import ROOT, STATE
from local.errors import StackError
from local.home import StackHome
from local.progress import ConsoleProgress
from local.signals import INTERRUPTED, discard_output, sigterm_as_interrupt
from local.tools import dynamodb_local

DYNAMODB_PORT: Final = 8000
_out: Final = Console(highlight=False, markup=False, soft_wrap=True)


def up(home: StackHome, _: argparse.Namespace) -> None:
    """Start, deploy and smoke-test the stack."""
    running = stack.bring_up(home, ConsoleProgress(_out))
    api = running.outputs["ApiEndpoint"]
    _out.print(f"""
  API       {api}
  Sign in   {demo_user.sign_in_url(running.outputs)}
            as {running.user.email} with the password {running.user.password}
  Try       curl -s -H "Authorization: Bearer $(make -s token{_flags(home)})" {api}/customers

  A new customer was readable after {running.smoke_test.seconds * 1000:.0f} ms.""")


def down(home: StackHome, _: argparse.Namespace) -> None:
    """Stop the stack."""
    stack.down(home, progress=ConsoleProgress(_out))


def show_status(home: StackHome, _: argparse.Namespace) -> None:
    """Print which parts of the stack are running."""
    for row in status.rows(home):
        _out.print(f"  {row.what:<22}{row.state:<14}{row.pid:<9}{row.address}".rstrip())


def token(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print an access token and nothing else."""
    tokens.check_scope(arguments.scope)
    print(tokens.access_token(outputs.read(home), arguments.scope))


def show_logs(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print the functions' logs until Ctrl-C."""
    width = len("ProjectCustomers")
    for source, text in logs.follow(home, arguments.function):
        print(f"{source:<{width}}  {text}", flush=True)


def run_dynamodb_local(_: StackHome, arguments: argparse.Namespace) -> None:
    """Run DynamoDB Local until Ctrl-C."""
    port = port_of(arguments.port) or DYNAMODB_PORT
    definitions = tables.from_env_file(ROOT / "events" / "env.json")
    with dynamodb_local.running(definitions.values(), port=port, progress=ConsoleProgress(_out)) as endpoint:
        names = ", ".join(table["TableName"] for table in definitions.values())
        _out.print(f"DynamoDB Local is running at {endpoint} with {names}. Press Ctrl-C to stop it.")
        signal.pause()


COMMANDS: Final[dict[str, Callable[[StackHome, argparse.Namespace], None]]] = {
    "up": up,
    "down": down,
    "status": show_status,
    "token": token,
    "logs": show_logs,
    "dynamodb-local": run_dynamodb_local,
}


class _Parser(argparse.ArgumentParser):
    """Reports bad arguments like every other error: one sentence, with exit status 1."""

    def error(self, message: str) -> NoReturn:
        """Raise the error instead of printing the usage.

        Raises:
            StackError: Always.
        """
        raise StackError(f"{message[:1].upper()}{message[1:]}. Run python -m local --help.")


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line. An empty value counts as absent, because make passes unset variables that way.

    Raises:
        StackError: The arguments are wrong.
    """
    parser = _Parser(
        prog="python -m local",
        description="Runs the local stack. Example: python -m local up --port 4567",
    )
    parser.add_argument("command", help=", ".join(COMMANDS))
    parser.add_argument("--home", default="", help="folder of the stack (default: .local)")
    parser.add_argument("--port", default="", help="port on 127.0.0.1 (default: 4566, or 8000 for dynamodb-local)")
    parser.add_argument("--scope", default="", help="for token: customers/read or customers/write (default: both)")
    parser.add_argument("--function", default="", help="for logs: show only this function")
    arguments = parser.parse_args(words)
    if arguments.command not in COMMANDS:
        raise StackError(f"There is no command {arguments.command!r}. The commands are {', '.join(COMMANDS)}.")
    return arguments


def main(words: list[str]) -> int:
    """Run one command and return its exit status. Errors are printed as one sentence."""
    try:
        arguments = parse(words)
    except StackError as error:
        print(f"python -m local: {error}", file=sys.stderr)
        return 1
    try:
        with sigterm_as_interrupt():
            COMMANDS[arguments.command](_home(arguments), arguments)
    except StackError as error:
        print(f"make {arguments.command}: {error}", file=sys.stderr)
        if error.details:
            print("\n" + "\n".join(f"    {line}" for line in error.details.splitlines()), file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, httpx.HTTPError) as error:
        print(
            f"make {arguments.command}: The local AWS failed ({error}). Run make down, then make up.", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        if arguments.command in ("up", "down"):
            print(
                f"\nmake {arguments.command}: interrupted. Run make up to continue, or make down to stop everything.",
                file=sys.stderr,
            )
            return INTERRUPTED
    except BrokenPipeError:
        discard_output()
    return 0


def port_of(text: str) -> int | None:
    """Read a port from the command line; an empty text means no port.

    Raises:
        StackError: The text is not a port number.
    """
    if text and not (text.isdecimal() and 0 < int(text) < 1 << 16):
        raise StackError(f"{text!r} is not a port number. PORT may be any number from 1 to 65535.")
    return int(text) if text else None


def _home(arguments: argparse.Namespace) -> StackHome:
    port = port_of(arguments.port)
    return StackHome.at(
        Path(arguments.home) if arguments.home else STATE, None if arguments.command == "dynamodb-local" else port
    )


def _flags(home: StackHome) -> str:
    return "" if home.folder == STATE else f" STACK_HOME={home.folder}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
