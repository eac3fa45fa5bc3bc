"""The files of the event contracts. A released version is never changed in a breaking way."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from contracts.errors import ContractError
from contracts.events.asyncapi import asyncapi_document
from contracts.events.compatibility import breaking_changes
from contracts.events.schemas import attributes, data_schemas, envelope
from local.environments import ROOT

Json = Mapping[str, Any]

FOLDER: Final = ROOT / "docs" / "events"
ASYNCAPI: Final = ROOT / "docs" / "asyncapi.json"
ENVELOPE: Final = "cloud-event.json"


class BreakingChange(ContractError):
    """A released contract would break."""

    def __init__(self, changes: Sequence[str]) -> None:
        super().__init__(
            "These changes would break consumers of the events:\n"
            + "\n".join(changes)
            + "\nRaise the model's published_version, and its schema_version if the stored shape changes; "
            "events/upcasters.py explains how."
        )


def documents(folder: Path = FOLDER, asyncapi: Path = ASYNCAPI) -> dict[Path, str]:
    """Return the content of each file by path. Files of earlier versions are not included: they never change.

    Args:
        folder: The folder of the schemas.
        asyncapi: The path of the AsyncAPI document.
    """
    schemas = {folder / _file(name, version): schema for (name, version), schema in data_schemas().items()}
    return {
        path: rendered(document)
        for path, document in {**schemas, folder / ENVELOPE: envelope(), asyncapi: asyncapi_document()}.items()
    }


def broken_contracts(folder: Path = FOLDER) -> list[str]:
    """Return a sentence for each released contract that the code no longer keeps.

    Args:
        folder: The folder of the schemas.
    """
    now = data_schemas()
    current = dict(now.keys())
    found: list[str] = []
    for path in sorted(folder.glob("*.*.json")):
        name, version = path.name.removesuffix(".json").rsplit(".", 1)
        if int(version) > current.get(name, 0):
            found.append(f"{path.name} is released, but the code no longer has this version")
        elif int(version) == current[name]:
            found += [f"{path.name}: {change}" for change in breaking_changes(_read(path), now[name, int(version)])]
    if (path := folder / ENVELOPE).exists():
        shared = attributes()
        released = {keyword: _read(path)[keyword] for keyword in shared}
        found += [f"{ENVELOPE}: {change}" for change in breaking_changes(released, shared, "event")]
    return found


def write(folder: Path = FOLDER, asyncapi: Path = ASYNCAPI) -> list[Path]:
    """Write the files, unless that breaks a released contract.

    Args:
        folder: The folder of the schemas.
        asyncapi: The path of the AsyncAPI document.

    Returns:
        The files that changed.

    Raises:
        BreakingChange: Nothing was written.
    """
    if broken := broken_contracts(folder):
        raise BreakingChange(broken)
    made = documents(folder, asyncapi)
    changed = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        path.write_text(made[path])
    return changed


def rendered(document: Json) -> str:
    """Return a document as text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _file(name: str, version: int) -> str:
    return f"{name}.{version}.json"


def _read(path: Path) -> Json:
    read: Json = json.loads(path.read_text())
    return read
