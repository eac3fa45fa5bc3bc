"""Stops stacks: `make down` and `make clean`.

It imports only the standard library, so it works without an environment, and with one that is broken.

    python3 -m local.stopping --home .local
    python3 -m local.stopping --all
"""

import argparse
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from local import record
from local.environments import STATE
from local.errors import StackError
from local.home import StackHome
from local.processes import Process, running_processes, stop

# Seconds until SIGKILL. Nothing is lost by it: what the processes would still write is deleted right after.
PATIENCE: Final = 1.0
_MARKERS: Final = tuple(f" -X customers-api.{role}=" for role in ("emulator", "mapping"))


def processes_in(folder: Path) -> list[Process]:
    """The processes of the stack in a folder, function workers that a dead local AWS left behind included."""
    wanted = (*(f"{marker}{folder}/ " for marker in _MARKERS), f" {folder / 'tmp'}/ministack-lambda-")
    return [process for process in running_processes() if any(each in process.command for each in wanted)]


def stop_stack(home: StackHome) -> bool:
    """Stop every process of a stack and delete what means nothing without them.

    Returns:
        Whether anything was running.

    Raises:
        StackError: A process survived SIGKILL.
    """
    was_running = False
    for folder in filter(None, (home.folder, record.former_folder(home.folder))):
        while found := processes_in(folder):  # more than one round: a worker may just have been started
            was_running = True
            stop(*found, timeout=PATIENCE)
    delete_state(home)
    return was_running


def delete_state(home: StackHome) -> None:
    """Delete the files that mean nothing to another emulator: its state, outputs, checkpoints and records."""
    for file in (home.outputs_file, home.folder / record.NAME, home.folder / "deployed.json"):
        file.unlink(missing_ok=True)
    for leftover in (home.temporary, home.folder / "state", home.folder / "s3", home.mappings):
        shutil.rmtree(leftover, ignore_errors=True)


def folders_of(state: Path) -> set[Path]:
    """The folders of all stacks of a checkout, those with a STACK_HOME elsewhere included.

    Args:
        state: The checkout's `.local`.
    """
    found = {file.parent for pattern in (record.NAME, f"*/{record.NAME}") for file in state.glob(pattern)}
    programs = f" {state}/venvs/"
    return found | set(_marked(process for process in running_processes() if process.command.startswith(programs)))


def _marked(processes: Iterable[Process]) -> Iterator[Path]:
    for process in processes:
        for marker in _MARKERS:
            _, mark, rest = process.command.partition(marker)
            if mark:
                yield Path(rest.partition("/ ")[0])


def main(words: list[str]) -> int:
    """Stop one stack, or all of this checkout. An error is printed as one sentence."""
    parser = argparse.ArgumentParser(prog="python -m local.stopping", description="Stops the local stack.")
    parser.add_argument("--home", default="", help="folder of the stack (default: .local)")
    parser.add_argument("--all", action="store_true", help="stop every stack of this folder's checkout")
    options = parser.parse_args(words)
    try:
        if options.all:
            for folder in sorted(folders_of(STATE)):
                stop_stack(StackHome.at(folder))
        else:
            down(StackHome.at(Path(options.home) if options.home else STATE))
    except StackError as error:
        print(f"make {'clean' if options.all else 'down'}: {error}", file=sys.stderr)
        return 1
    return 0


def down(home: StackHome) -> None:
    """Stop one stack and say what became of its data.

    Raises:
        StackError: A process survived SIGKILL, or another command holds the stack.
    """
    if not home.folder.exists():
        print("  Nothing was running.")
        return
    with home.exclusive():
        stopped = stop_stack(home)
    with suppress(BrokenPipeError):
        print("  Stopped, and the stack's data is deleted." if stopped else "  Nothing was running.", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
