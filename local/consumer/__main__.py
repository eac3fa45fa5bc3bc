"""The command line of `make consumer`.

It deploys a team's SAM template, creates a customer, and waits until a function of the team has handled the event.

    python -m local.consumer --directory docs/examples/consumer
"""

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local.aws import KEY, REGION
from local.consumer.stack import ConsumerStack, Received, consumer_in, known_parameters, remove, run
from local.environments import STATE, bin_of
from local.errors import StackError
from local.home import StackHome
from local.progress import ConsoleProgress
from local.signals import INTERRUPTED, sigterm_as_interrupt


def _report(home: StackHome, consumer: ConsumerStack, theirs: Mapping[str, str], received: Received | None) -> str:
    known = " ".join(f"{name}={value}" for name, value in known_parameters().items())
    rows = {"Stack": consumer.stack_name, "Parameters": known, **theirs}
    if received:
        rows["Received"] = f"after {received.seconds:.1f} s, by {received.line.function}: {received.line.text}"
    else:
        rows["Received"] = "not checked: the stack has no function"
    width = max(map(len, rows)) + 2
    keys = f"AWS_ENDPOINT_URL={home.endpoint} AWS_ACCESS_KEY_ID={KEY} AWS_SECRET_ACCESS_KEY={KEY} "
    return "\n".join([
        "",
        *(f"  {name:<{width}}{value}" for name, value in rows.items()),
        "",
        "  For the AWS CLI, the commands of the kit, and SAM:",
        f"    export {keys}AWS_DEFAULT_REGION={REGION}",
        f"    export PATH={shlex.quote(str(bin_of('sam')))}:$PATH",
    ])  # fmt: skip


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line. An empty value counts as absent, because make passes unset variables that way."""
    parser = argparse.ArgumentParser("python -m local.consumer", description="Run a consumer on the local stack.")
    parser.add_argument("--directory", default="", help="folder with the consumer's SAM template")
    parser.add_argument("--name", default="", help="name of its stack (default: consumer- and the folder's name)")
    parser.add_argument("--parameters", default="", help="parameters of its template: 'Name=value Other=value'")
    parser.add_argument("--remove", default="", help="delete its stack instead, if not empty")
    parser.add_argument("--home", default="", help="folder of the local stack (default: .local)")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Run the command and return its exit status. Errors are printed as one sentence."""
    arguments, console = parse(words), Console(highlight=False, markup=False, soft_wrap=True)
    try:
        with sigterm_as_interrupt():
            home = StackHome.at(Path(arguments.home) if arguments.home else STATE)
            consumer = consumer_in(arguments.directory, arguments.name, arguments.parameters)
            if arguments.remove:
                remove(home, consumer)
                console.print(f"  {consumer.stack_name} is deleted.")
            else:
                console.print(_report(home, consumer, *run(home, consumer, ConsoleProgress(console))))
    except StackError as error:
        print(f"make consumer: {error}", file=sys.stderr)
        if error.details:
            print("\n" + "\n".join(f"    {line}" for line in error.details.splitlines()), file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, httpx.HTTPError) as error:
        print(f"make consumer: The local AWS failed ({error}). Run make down, then make up.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
