"""Copies the tracked files of this project into a new folder, under another name."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from scaffold.inventory import aws_words, clashes
from scaffold.names import BadName, Name
from scaffold.renaming import CURRENT, Renaming

ROOT: Final = Path(__file__).resolve().parent.parent
# These name the project as it is here, in the copy too.
UNCHANGED: Final = (
    "scaffold/",
    "tests/unit/scaffold/",
    "tests/copies/test_adopt.py",
    "docs/how-to/make-it-yours.md",
)
# What earlier releases of this project stored. A copy has had no release yet, and records its own.
_OF_RELEASES: Final = "tests/golden/releases/"
_NO_RELEASE: Final[Mapping[str, bytes]] = {
    "tests/golden/previous-release.json": b'{"tag": "", "commit": "", "known_differences": {}}\n'
}
_SHOWN_CLASHES: Final = 3


class CannotAdopt(Exception):
    """Nothing was copied. The message is one sentence for the person who asked."""


def adopt(name: Name, destination: Path, root: Path = ROOT) -> list[Path]:
    """Copy and rename. The project itself is only read.

    Args:
        name: The new name.
        destination: A folder outside the project that does not exist yet or is empty.

    Returns:
        The files written.

    Raises:
        BadName: The name clashes with one that the project uses.
        CannotAdopt: There is nothing to copy from, or no place to copy to.
    """
    _require_free(destination, root)
    files = tracked_files(root)
    _require_unadopted(files)
    renaming = Renaming(name)
    _require_no_clash(renaming, _texts(root, files))
    return [_copy(root, file, destination, renaming) for file in files if not file.startswith(_OF_RELEASES)]


def tracked_files(root: Path) -> list[str]:
    """The files under version control, relative to the root.

    Raises:
        CannotAdopt: The folder is not under version control.
    """
    done = subprocess.run(("git", "ls-files", "-z"), cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotAdopt(
            "This folder is not a git checkout, so its files cannot be told from yours: clone the project."
        )
    return [file for file in done.stdout.split("\0") if file and (root / file).is_file()]


def is_adopted(files: Iterable[str]) -> bool:
    """Whether the files are those of a renamed copy."""
    return not any(CURRENT.singular in file for file in files if not file.startswith(UNCHANGED))


def _require_free(destination: Path, root: Path) -> None:
    if destination.resolve().is_relative_to(root.resolve()):
        raise CannotAdopt(f"DEST must be outside this checkout, which stays as it is: {destination} is inside it.")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise CannotAdopt(f"DEST must be a new or an empty folder, and {destination} is not: choose another one.")


def _require_unadopted(files: list[str]) -> None:
    if is_adopted(files):
        raise CannotAdopt(f"Nothing here is named {CURRENT.singular}, because this copy has its own name already.")


def _texts(root: Path, files: list[str]) -> dict[str, str]:
    readable = [file for file in files if file.endswith((".py", ".yml", ".yaml"))]
    return {file: (root / file).read_text(encoding="utf-8") for file in readable if not file.startswith(UNCHANGED)}


def _require_no_clash(renaming: Renaming, texts: Mapping[str, str]) -> None:
    name = renaming.name
    used = clashes(texts, renaming.apply) | (aws_words(texts) & {name.singular, name.plural})
    if used:
        shown = ", ".join(sorted(used)[:_SHOWN_CLASHES])
        raise BadName(
            f"NAME {name.singular!r} clashes with names that this project or AWS uses ({shown}): choose another."
        )


def _copy(root: Path, file: str, destination: Path, renaming: Renaming) -> Path:
    source = root / file
    if file in _NO_RELEASE:
        return _write(_NO_RELEASE[file], destination / file, source)
    if file.startswith(UNCHANGED):
        return _write(source.read_bytes(), destination / file, source)
    target = destination / renaming.apply(file)
    content = source.read_bytes()
    with suppress(UnicodeDecodeError):  # an image, say, which has no name in it
        content = renaming.apply(content.decode()).encode()
    return _write(content, target, source)


def _write(content: bytes, target: Path, source: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    shutil.copymode(source, target)
    return target


def default_destination(name: Name, root: Path = ROOT) -> Path:
    """Beside the project: `../order-api`."""
    return Path(os.path.normpath(root / ".." / f"{name.singular}-api"))
