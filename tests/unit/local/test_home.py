import json
from pathlib import Path

import pytest

from local import home
from local.errors import StackError
from local.home import DEFAULT_PORT, StackHome


def test_the_port_is_the_default_until_another_is_recorded(tmp_path: Path) -> None:
    assert StackHome.at(tmp_path).port == DEFAULT_PORT
    (tmp_path / "outputs.json").write_text(json.dumps({"EndpointUrl": "http://127.0.0.1:5001"}))
    assert StackHome.at(tmp_path).port == 5001
    assert StackHome.at(tmp_path, 5002).port == 5002


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"EndpointUrl": null}', '{"EndpointUrl": "x:y"}'])
def test_an_unreadable_outputs_file_is_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / "outputs.json").write_text(content)
    assert StackHome.at(tmp_path).port == DEFAULT_PORT


def test_the_stack_for_tests_has_its_own_folder_and_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "STATE", tmp_path)
    monkeypatch.setattr(home, "free_port", lambda: 5003)
    assert StackHome.for_tests() == StackHome(tmp_path / "test", 5003)
    assert StackHome.for_tests("gw1") == StackHome(tmp_path / "test-gw1", 5003)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "outputs.json").write_text(json.dumps({"EndpointUrl": "http://127.0.0.1:5004"}))
    assert StackHome.for_tests().port == 5004


def test_a_second_command_on_a_locked_stack_is_refused(tmp_path: Path) -> None:
    stack = StackHome(tmp_path, 1)
    with stack.exclusive(), pytest.raises(StackError, match="Another make up or make down"):
        stack.exclusive().__enter__()
    with stack.exclusive():
        pass
