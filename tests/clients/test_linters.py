"""Spectral and Redocly have nothing to report about the published documents."""

import json
from typing import Any

import pytest

from tests.clients.conftest import Desk, blocks

LINT = [line for block in blocks("Lint") for line in block.splitlines()]


@pytest.mark.parametrize("command", LINT, ids=lambda command: command.split()[3])
def test_a_linter_finds_nothing(desk: Desk, command: str) -> None:
    output = desk.succeed(command)

    assert "warning" not in output.lower().replace("0 warnings", "")


@pytest.mark.parametrize("command", LINT, ids=lambda command: command.split()[3])
@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_a_linter_reports_a_document_without_its_title(desk: Desk, name: str, command: str) -> None:
    file = desk.folder / "docs" / name
    whole = file.read_text()
    document: dict[str, Any] = json.loads(whole)
    del document["info"]["title"]
    file.write_text(json.dumps(document))
    try:
        assert desk.run(command).returncode != 0
    finally:
        file.write_text(whole)
