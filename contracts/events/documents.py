"""The files that the contracts are kept in; those of released versions are never changed in a way that breaks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from contracts.events.asyncapi import described_stream
from contracts.events.compatibility import breaking_changes
from contracts.events.schemas import attributes, data_schemas, envelope
from local.environments import ROOT

Json = Mapping[str, Any]

FOLDER: Final = ROOT / "docs" / "events"
ASYNCAPI: Final = ROOT / "docs" / "asyncapi.json"
ENVELOPE: Final = "cloud-event.json"


class Breaking(Exception):
    """A released contract would break. The text is a sentence for each reason."""


def documents(folder: Path = FOLDER, asyncapi: Path = ASYNCAPI) -> dict[Path, str]:
    """What the files must hold, by path; files of earlier versions are not among them and stay as they are.

    Args:
        folder: For the schemas.
        asyncapi: For the AsyncAPI document.
    """
    schemas = {folder / _file(name, version): schema for (name, version), schema in data_schemas().items()}
    return {
        path: rendered(document)
        for path, document in {**schemas, folder / ENVELOPE: envelope(), asyncapi: described_stream()}.items()
    }


def broken_promises(folder: Path = FOLDER) -> list[str]:
    """What of the released contracts the code no longer keeps.

    Args:
        folder: Where they are.
    """
    now = data_schemas()
    current = dict(now.keys())
    found: list[str] = []
    for path in sorted(folder.glob("*.*.json")):
        name, version = path.name.removesuffix(".json").rsplit(".", 1)
        if int(version) > current.get(name, 0):
            found.append(f"{path.name} is released, and the code has no such version any more")
        elif int(version) == current[name]:
            found += [f"{path.name}: {change}" for change in breaking_changes(_read(path), now[name, int(version)])]
    if (path := folder / ENVELOPE).exists():
        shared = attributes()
        released = {keyword: _read(path)[keyword] for keyword in shared}
        found += [f"{ENVELOPE}: {change}" for change in breaking_changes(released, shared, "event")]
    return found


def write(folder: Path = FOLDER, asyncapi: Path = ASYNCAPI) -> list[Path]:
    """Write the files anew, unless that breaks a promise.

    Args:
        folder: For the schemas.
        asyncapi: For the AsyncAPI document.

    Returns:
        The files that changed.

    Raises:
        Breaking: Nothing was written.
    """
    if broken := broken_promises(folder):
        raise Breaking("\n".join(broken))
    made = documents(folder, asyncapi)
    changed = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
    folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        path.write_text(made[path])
    return changed


def rendered(document: Json) -> str:
    """A document as text, the same for the same code."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _file(name: str, version: int) -> str:
    return f"{name}.{version}.json"


def _read(path: Path) -> Json:
    read: Json = json.loads(path.read_text())
    return read
