import json
from pathlib import Path

import pytest

from local.home import StackHome
from local.mapping_status import problems_of

OURS, OTHER = "2cb1508e-d0b8-4940-b248-06aad157977f", "6ddbbc14-d8a7-4af8-8bae-79138a1a6ed7"


def write(folder: Path, status: object) -> StackHome:
    (folder / "mapping").mkdir()
    (folder / "mapping" / "status.json").write_text(json.dumps(status))
    return StackHome(folder, 1)


def test_a_mapping_has_its_own_problems_and_those_of_the_process(tmp_path: Path) -> None:
    problems = ["lambda: unreachable", f"{OURS} function: Unhandled", f"{OTHER} stream: refused"]
    home = write(tmp_path, {"mappings": [], "problems": problems})

    assert problems_of(home, OURS) == ["lambda: unreachable", "function: Unhandled"]


@pytest.mark.parametrize("status", [[], {}, {"problems": None}, "text"])
def test_a_file_from_another_version_says_nothing(tmp_path: Path, status: object) -> None:
    assert problems_of(write(tmp_path, status), OURS) == []


def test_a_process_that_has_written_nothing_has_no_problems(tmp_path: Path) -> None:
    assert problems_of(StackHome(tmp_path, 1), OURS) == []
