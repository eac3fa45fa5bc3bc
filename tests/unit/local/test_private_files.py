"""Nobody but the owner reads the local stack's files, also in folders that an earlier version left open."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import demo_user, environments, home, outputs
from local.home import StackHome


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def permissive_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_the_stacks_folder_is_made_private(tmp_path: Path) -> None:
    new = StackHome(tmp_path / "new", 1)
    with new.exclusive():
        assert mode_of(new.folder) == 0o700


def test_a_folder_and_files_of_an_earlier_version_become_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    names = ("outputs.json", "demo-user.json", "deployed.json")
    for name in names:
        (tmp_path / name).write_text("{}")
    with StackHome(tmp_path, 1).exclusive():
        assert mode_of(tmp_path) == 0o700
        assert {mode_of(tmp_path / name) for name in names} == {0o600}


def test_the_outputs_are_written_for_the_owner_only(tmp_path: Path) -> None:
    stack = StackHome(tmp_path, 1)
    outputs.write(stack, {"ApiEndpoint": "http://127.0.0.1:1"})
    assert mode_of(stack.outputs_file) == 0o600


def test_the_password_is_written_for_the_owner_only_into_an_existing_file_too(tmp_path: Path) -> None:
    (tmp_path / "demo-user.json").write_text('{"name": "old"}')
    demo_user._stored_user(StackHome(tmp_path, 1))
    assert mode_of(tmp_path / "demo-user.json") == 0o600


def test_a_private_file_is_never_open_while_it_is_written(tmp_path: Path) -> None:
    home.write_private(tmp_path / "key", "secret")
    assert mode_of(tmp_path / "key") == 0o600


def test_installing_the_environments_makes_the_state_folder_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(environments, "STATE", tmp_path)
    with environments.exclusive():
        assert mode_of(tmp_path) == 0o700
