"""Spectral and Redocly have nothing to report about the published documents."""

import json
import shutil
from typing import Any

import pytest

from tests.clients.conftest import Desk, blocks

DOCUMENTS = ("openapi.json", "asyncapi.json")
LINT = [line for block in blocks("Lint") for line in block.splitlines()]


@pytest.mark.parametrize("command", LINT, ids=lambda command: command.split()[3])
def test_a_linter_finds_nothing(desk: Desk, command: str) -> None:
    output = desk.succeed(command)

    assert "warning" not in output.lower().replace("0 warnings", "")


@pytest.mark.parametrize("command", LINT, ids=lambda command: command.split()[3])
def test_a_linter_reports_documents_without_their_titles(desk: Desk, command: str) -> None:
    broken = desk.folder / "broken"
    shutil.copytree(desk.folder / "docs", broken / "docs", dirs_exist_ok=True)
    for name in DOCUMENTS:
        document: dict[str, Any] = json.loads((broken / "docs" / name).read_text())
        del document["info"]["title"]
        (broken / "docs" / name).write_text(json.dumps(document))

    done = desk.run(command.replace(" docs/", " broken/docs/"))

    assert done.returncode != 0
    assert all(f"broken/docs/{name}" in done.stdout + done.stderr for name in DOCUMENTS)
