from pathlib import Path

import pytest

from local import home
from local.errors import StackError
from local.home import DEFAULT_PORT, StackHome


@pytest.mark.parametrize("content", ['{"EndpointUrl": "http://127.0.0.1:5001"}', "{", "[]", "null"])
def test_a_port_in_a_file_counts_for_nothing(tmp_path: Path, content: str) -> None:
    # The stack may have ended since, and a copied folder has the original's file.
    (tmp_path / "outputs.json").write_text(content)
    assert StackHome.at(tmp_path).port == DEFAULT_PORT
    assert StackHome.at(tmp_path, 5002).port == 5002


def test_the_stack_for_tests_has_its_own_folder_and_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "STATE", tmp_path)
    monkeypatch.setattr(home, "free_port", lambda: 5003)
    assert StackHome.for_tests() == StackHome(tmp_path / "test", 5003)
    assert StackHome.for_tests("gw1") == StackHome(tmp_path / "test-gw1", 5003)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match=r"STACK_HOME=.*is a file"):
        StackHome.at(tmp_path / "file")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match=r"cannot be written \(Not a directory\)"):
        StackHome(tmp_path / "file" / "stack", 1).exclusive().__enter__()


def test_a_second_command_on_a_locked_stack_is_refused(tmp_path: Path) -> None:
    stack = StackHome(tmp_path, 1)
    with stack.exclusive(), pytest.raises(StackError, match="Another make up or make down"):
        stack.exclusive().__enter__()
    with stack.exclusive():
        pass
