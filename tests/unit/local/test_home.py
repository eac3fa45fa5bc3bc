import json
from pathlib import Path

import pytest

from local import home
from local.errors import StackError
from local.home import DEFAULT_PORT, StackHome


def test_the_port_is_the_default_one_until_another_is_recorded(tmp_path: Path) -> None:
    assert StackHome.at(tmp_path).port == DEFAULT_PORT
    (tmp_path / "outputs.json").write_text(json.dumps({"EndpointUrl": "http://127.0.0.1:5001"}))
    assert StackHome.at(tmp_path).port == 5001
    assert StackHome.at(tmp_path, 5002).port == 5002


@pytest.mark.parametrize(
    "left_by_an_older_version", ["", "{", "[]", "null", '{"EndpointUrl": null}', '{"EndpointUrl": "x:y"}']
)
def test_an_unreadable_outputs_file_does_no_harm(tmp_path: Path, left_by_an_older_version: str) -> None:
    (tmp_path / "outputs.json").write_text(left_by_an_older_version)
    assert StackHome.at(tmp_path).port == DEFAULT_PORT


def test_the_stack_for_tests_shares_neither_folder_nor_port_with_the_developers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "STATE", tmp_path)
    monkeypatch.setattr(home, "free_port", lambda: 5003)
    assert StackHome.for_tests() == StackHome(tmp_path / "test", 5003)
    assert StackHome.for_tests("gw1") == StackHome(tmp_path / "test-gw1", 5003)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "outputs.json").write_text(json.dumps({"EndpointUrl": "http://127.0.0.1:5004"}))
    assert StackHome.for_tests().port == 5004


def test_a_second_command_on_the_same_stack_is_refused_in_one_sentence(tmp_path: Path) -> None:
    stack = StackHome(tmp_path, 1)
    with stack.only_one_at_a_time(), pytest.raises(StackError, match="Another make up or make down"):
        stack.only_one_at_a_time().__enter__()
    with stack.only_one_at_a_time():
        pass
