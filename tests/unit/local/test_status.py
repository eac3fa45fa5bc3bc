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


def test_the_lag_is_that_of_the_slowest_shard(tmp_path: Path) -> None:
    home = write(tmp_path, {"mappings": [MAPPING], "problems": []})
    assert mapping_details(home) == ("Project:live: 7.5 s behind, 2 shard(s)",)


def test_problems_are_told(tmp_path: Path) -> None:
    assert mapping_details(write(tmp_path, {"mappings": [], "problems": ["lambda: away"]})) == ("lambda: away",)


@pytest.mark.parametrize("status", [[], {}, {"mappings": [{}], "problems": []}, {"mappings": None, "problems": []}])
def test_a_file_of_another_version_does_no_harm(tmp_path: Path, status: object) -> None:
    assert mapping_details(write(tmp_path, status)) == ("not heard of yet",)
