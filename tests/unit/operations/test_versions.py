"""`versions` deletes what nothing uses, and nothing else."""

import json

import pytest

from operations.jobs.versions import FunctionVersions
from tests.unit.operations.stack import FakeStack


@pytest.fixture
def stack() -> FakeStack:
    stack = FakeStack()
    stack.functions.published = {"create": [9, 10, 11, 12, 13], "hook": [1, 2], "list": [4]}
    stack.functions.aliases = {
        "create": {"FunctionVersion": "12", "RoutingConfig": {"AdditionalVersionWeights": {"11": 0.25}}},
        "list": {"FunctionVersion": "4"},
    }
    return stack


def test_without_go_it_only_shows(stack: FakeStack) -> None:
    before = {name: list(numbers) for name, numbers in stack.functions.published.items()}

    assert stack.run("versions", "--keep", "0", "--json") == 0
    rows = [json.loads(line) for line in stack.printed.splitlines()]
    assert rows[0] == {"function": "create", "in_use": "11, 12", "outdated": "9, 10"}
    assert (rows[-1]["outdated"], rows[-1]["dry"]) == (2, True)
    assert stack.functions.published == before


def test_it_deletes_what_is_older_than_everything_in_use(stack: FakeStack) -> None:
    """Version 13 may be under test, and a function without an alias is called by number or name."""
    assert stack.run("versions", "--keep", "0", "--go") == 0

    assert stack.functions.published == {"create": [11, 12, 13], "hook": [1, 2], "list": [4]}
    assert "2 outdated version(s) deleted." in stack.printed


def test_one_unused_version_is_kept_by_default(stack: FakeStack) -> None:
    assert stack.run("versions", "--go") == 0

    assert stack.functions.published["create"] == [10, 11, 12, 13]


@pytest.mark.parametrize(("keep", "outdated"), [(0, [2, 9, 10]), (2, [2]), (3, []), (50, [])])
def test_the_newest_unused_versions_are_kept_by_number(keep: int, outdated: list[int]) -> None:
    assert FunctionVersions("f", {10, 9, 2, 11}, {11}).outdated(keep) == outdated


@pytest.mark.parametrize("wrong", ["-1", "x", "1.5", "²"])
def test_a_wrong_number_to_keep_is_refused(stack: FakeStack, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    with pytest.raises(SystemExit):
        stack.run("versions", f"--keep={wrong}")
    assert "is not a whole number of 0 or more" in capsys.readouterr().err
