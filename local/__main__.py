"""The command line of the local stack, called by the make targets.

python -m local up | down | status | output | token | demo | logs | dynamodb-local
"""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local import demo, demo_user, logs, next_steps, outputs, record, stack, status, stopping, tables, tokens
from local.environments import ROOT, STATE
from local.errors import StackError
from local.home import StackHome, running_port
from local.progress import ConsoleProgress, StackConsole
from local.signals import INTERRUPTED, discard_output, sigterm_as_interrupt

DYNAMODB_PORT: Final = 8000
_out: Final = StackConsole(highlight=False, markup=False, soft_wrap=True)


def up(home: StackHome, arguments: argparse.Namespace) -> None:
    """Start, deploy and smoke-test the stack."""
    running = stack.bring_up(home, ConsoleProgress(_out), force=arguments.force)
    _out.print()
    _print_next_steps(home, running.outputs, running.user)
    _out.print(f"\n  A new customer was readable after {running.smoke_test.seconds * 1000:.0f} ms.")


def down(home: StackHome, _: argparse.Namespace) -> None:
    """Stop the stack."""
    stopping.down(home)


def show_status(home: StackHome, _: argparse.Namespace) -> None:
    """Print which parts of the stack are running."""
    rows = list(status.rows(home))
    for row in rows:
        _out.print(f"  {row.what:<22}{row.state:<14}{row.pid:<9}{row.address}".rstrip())
    if any(row.what == "API" and row.address for row in rows):
        _out.print()
        _print_next_steps(home, outputs.read(home), demo_user.find(home))


def _print_next_steps(home: StackHome, deployed: outputs.Outputs, user: demo_user.DemoUser | None) -> None:
    for line in next_steps.lines(home, deployed, user):
        _out.print(f"  {line}".rstrip())


def output(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print one output of the stack and nothing else."""
    deployed = outputs.read(home)
    if arguments.name not in deployed:
        raise StackError(
            f"There is no output {arguments.name!r}. NAME may be {', '.join(sorted(deployed))}: "
            "make -s output NAME=ApiEndpoint."
        )
    print(deployed[arguments.name])


def fill(home: StackHome, _: argparse.Namespace) -> None:
    """Create a hundred people with a history."""
    deployed = outputs.read(home)
    done = demo.run(deployed, ConsoleProgress(_out), tuple(demo.lives()))
    _out.print(
        f"  {done.people} people from {done.countries} countries, with {done.changes} changes, "
        f"{done.erased} of them erased: {done.seconds:.1f} s\n"
    )
    page = f"{deployed['ApiEndpoint']}/customers?limit=5"
    _out.print(f"  See them  {next_steps.request(home, page)}")


def token(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print an access token and nothing else."""
    tokens.check_scope(arguments.scope)
    print(tokens.access_token(outputs.read(home), arguments.scope))


def show_logs(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print the functions' logs: one line for each call, or every line of one trace."""
    follows = arguments.follow.lower() not in ("0", "no", "false")
    for line in logs.read_lines(home, arguments.function, arguments.trace, follow=follows):
        print(line, flush=True)


def run_dynamodb_local(_: StackHome, arguments: argparse.Namespace) -> None:
    """Run DynamoDB Local until Ctrl-C."""
    from local.tools import dynamodb_local  # noqa: PLC0415 - needs Java, which is not among what `make up` installs

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
    "output": output,
    "token": token,
    "demo": fill,
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
    parser.add_argument("--name", default="", help="for output: which output, such as ApiEndpoint")
    parser.add_argument("--scope", default="", help="for token: customers/read or customers/write (default: both)")
    parser.add_argument("--force", action="store_true", help="for up: restart the stack even if that deletes its data")
    parser.add_argument("--function", default="", help="for logs: show only this function")
    parser.add_argument(
        "--trace", default="", metavar="ID", help="for logs: show every line of one request or customer"
    )
    parser.add_argument("--follow", default="", metavar="0", help="for logs: 0 ends after the lines that exist")
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
            _run(arguments)
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
            print(f"\nmake {arguments.command}: interrupted. {_after_interrupt(arguments)}", file=sys.stderr)
            return INTERRUPTED
    except BrokenPipeError:
        discard_output()
    return 0


def _run(arguments: argparse.Namespace) -> None:
    home = _home(arguments)
    if arguments.command not in ("up", "down"):
        record.check_place(home)
    COMMANDS[arguments.command](home, arguments)
    # Here and not at the interpreter's exit, which would report a closed pipe as an error.
    sys.stdout.flush()


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
    # Every other command finds the stack where it runs.
    return StackHome.at(Path(arguments.home) if arguments.home else STATE, port if arguments.command == "up" else None)


def _after_interrupt(arguments: argparse.Namespace) -> str:
    if running_port(_home(arguments).folder):
        return "The stack is still running: make up continues, make down stops it."
    return "Nothing is running: make up starts again."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
