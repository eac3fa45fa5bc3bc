"""make adopt NAME=order [PLURAL=orders] [DEST=../order-api]."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scaffold.adopt import CannotAdopt, adopt, default_destination
from scaffold.names import BadName, name_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Copy the project under another name.

    Args:
        arguments: The command line without the program's name; None for the process's own.

    Returns:
        The exit code: 0, or 1 after one sentence on stderr.
    """
    parser = argparse.ArgumentParser(
        prog="make adopt",
        description="Copy this project into a new folder and rename the service there.",
        epilog="Example: make adopt NAME=order DEST=../order-api",
    )
    parser.add_argument("--name", default="", help="what the new service keeps, as one lower-case word: order")
    parser.add_argument("--plural", default="", help="the plural of the name, if it is irregular")
    parser.add_argument("--destination", default="", help="a new or empty folder (default: ../<name>-api)")
    given = parser.parse_args(arguments)
    try:
        name = name_of(given.name, given.plural)
        destination = Path(given.destination) if given.destination else default_destination(name)
        files = adopt(name, destination)
    except (BadName, CannotAdopt, OSError) as error:
        sys.stderr.write(f"make adopt: {error}\n")
        return 1
    sys.stdout.write(f"  {len(files)} files in {destination}. Next: docs/how-to/make-it-yours.md\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
