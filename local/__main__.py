"""The command line of the local stack; make's targets call it.

python -m local up | down | status | token | logs | dynamodb-local
"""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local import demo_user, dynamodb_local, logs, outputs, stack, status, tables, tokens
from local.environments import ROOT, STATE
from local.errors import StackError
from local.home import StackHome
from local.progress import OnConsole
from local.signals import INTERRUPTED, discard_output, sigterm_as_interrupt

DYNAMODB_PORT = 8000
_out = Console(highlight=False, markup=False, soft_wrap=True)


def up(home: StackHome, _: argparse.Namespace) -> None:
    """Start, deploy and prove the stack."""
    running = stack.bring_up(home, OnConsole(_out))
    api = running.outputs["ApiEndpoint"]
    _out.print(f"""
  API       {api}
  Sign in   {demo_user.sign_in_url(running.outputs)}
            as {running.user.email} with the password {running.user.password}
  Try       curl -s -H "Authorization: Bearer $(make -s token{_flags(home)})" {api}/customers

  The projection showed a new customer after {running.proof.seconds * 1000:.0f} ms.""")


def down(home: StackHome, _: argparse.Namespace) -> None:
    """Stop the stack."""
    stack.down(home, progress=OnConsole(_out))


def show_status(home: StackHome, _: argparse.Namespace) -> None:
    """Print what runs."""
    for row in status.rows(home):
        _out.print(f"  {row.what:<22}{row.state:<14}{row.pid:<9}{row.address}".rstrip())
        for detail in row.details:
            _out.print(f"    {detail}")


def token(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print an access token and nothing else."""
    tokens.check_scope(arguments.scope)
    print(tokens.access_token(outputs.read(home), arguments.scope))


def show_logs(home: StackHome, arguments: argparse.Namespace) -> None:
    """Print the functions' logs until Ctrl-C."""
    width = len("ProjectCustomers")
    for who, text in logs.follow(home, arguments.function):
        print(f"{who:<{width}}  {text}", flush=True)


def run_dynamodb_local(_: StackHome, arguments: argparse.Namespace) -> None:
    """Run DynamoDB Local until Ctrl-C."""
    port = port_of(arguments.port) or DYNAMODB_PORT
    wanted = tables.named_by(ROOT / "events" / "env.json")
    with dynamodb_local.running(wanted.values(), port=port, progress=OnConsole(_out)) as endpoint:
        names = ", ".join(table["TableName"] for table in wanted.values())
        _out.print(f"DynamoDB Local at {endpoint} with {names}. Ctrl-C ends it.")
        signal.pause()


COMMANDS: dict[str, Callable[[StackHome, argparse.Namespace], None]] = {
    "up": up,
    "down": down,
    "status": show_status,
    "token": token,
    "logs": show_logs,
    "dynamodb-local": run_dynamodb_local,
}


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line; an empty value stands for none, as make passes it."""
    parser = argparse.ArgumentParser(prog="python -m local", description="The local stack.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--home", default="", help="folder of the stack (default: .local)")
    parser.add_argument("--port", default="", help="port on 127.0.0.1")
    parser.add_argument("--scope", default="", help="token: customers/read or customers/write")
    parser.add_argument("--function", default="", help="logs: only this function")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run one command; whatever stands in its way is told in a sentence.

    Returns:
        The exit status.
    """
    arguments = parse(words)
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
            f"make {arguments.command}: The local AWS failed ({error}): run make down, then make up.", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        if arguments.command in ("up", "down"):
            print(
                f"\nmake {arguments.command}: interrupted; make up goes on from here, make down clears up.",
                file=sys.stderr,
            )
            return INTERRUPTED
    except BrokenPipeError:
        discard_output()
    return 0


def port_of(text: str) -> int | None:
    """A port from the command line; nothing when it is empty.

    Raises:
        StackError: It is none.
    """
    if text and not (text.isdecimal() and 0 < int(text) < 1 << 16):
        raise StackError(f"{text!r} is no port: PORT may be any number from 1 to 65535.")
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
