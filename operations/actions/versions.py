"""`versions`: lists the versions of functions that nothing uses any more, and deletes them."""

import argparse
from collections.abc import Iterable
from typing import Final

from operations.output import Output
from operations.stack import Stack

VERSIONS: Final = {"function": 64, "in_use": 12, "outdated": 40}


def versions(stack: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Show the outdated versions of each function, and delete them with `--go`."""
    deleted = 0
    for found in stack.versions.all():
        outdated = found.outdated(arguments.keep)
        deleted += len(outdated)
        if not outdated:
            continue
        output.print_row(
            VERSIONS,
            {"function": found.function, "in_use": _listed(found.in_use), "outdated": _listed(outdated)},
        )
        for number in outdated if arguments.go else ():
            stack.versions.delete(found.function, number)
    verb = "deleted" if arguments.go else "found"
    hint = "" if arguments.go or not deleted else " Nothing was changed: --go deletes them."
    output.print_sentence(f"{deleted} outdated version(s) {verb}.{hint}", outdated=deleted, dry=not arguments.go)
    return 0


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
