import json
from pathlib import Path

import pytest

from local.home import StackHome
from local.status import mapping_details

MAPPING = {
    "function": "arn:aws:lambda:eu-west-1:000000000000:function:Project:live",
    "shards": {"a": {"behind_seconds": 0.25}, "b": {"behind_seconds": 7.5}},
}


def write(folder: Path, status: object) -> StackHome:
    (folder / "mapping").mkdir()
    (folder / "mapping" / "status.json").write_text(json.dumps(status))
    return StackHome(folder, 1)


def test_a_mappings_lag_is_that_of_its_slowest_shard(tmp_path: Path) -> None:
    home = write(tmp_path, {"mappings": [MAPPING], "problems": []})
    assert mapping_details(home) == ("Project:live: 7.5 s behind, 2 shard(s)",)


def test_problems_are_listed(tmp_path: Path) -> None:
    assert mapping_details(write(tmp_path, {"mappings": [], "problems": ["lambda: unreachable"]})) == (
        "lambda: unreachable",
    )


@pytest.mark.parametrize("status", [[], {}, {"mappings": [{}], "problems": []}, {"mappings": None, "problems": []}])
def test_a_file_from_another_version_is_ignored(tmp_path: Path, status: object) -> None:
    assert mapping_details(write(tmp_path, status)) == ("no status yet",)
