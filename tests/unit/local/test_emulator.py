from pathlib import Path

import pytest

from local import emulator
from local.errors import StackError
from local.home import StackHome


def test_the_error_for_a_busy_port_names_it_and_suggests_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "port_is_busy", lambda port: port == 4566)
    with pytest.raises(StackError, match=r"Port 4566 is in use .* make up PORT=4567"):
        emulator.start(StackHome(tmp_path, 4566))


def test_its_environment_contains_none_of_the_users_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("MY_SECRET", "x")
    env = emulator.environment(StackHome(tmp_path, 4566))
    assert not {"AWS_PROFILE", "MY_SECRET", "PYTHONPATH"} & set(env)
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert env["BIND_HOST"] == "127.0.0.1"
    assert env["AUTH"] == "true"


def test_all_its_folders_are_absolute_and_inside_the_stacks_folder(tmp_path: Path) -> None:
    env = emulator.environment(StackHome(tmp_path, 4566))
    for name in ("TMPDIR", "STATE_DIR", "S3_DATA_DIR", "HOME"):
        assert Path(env[name]).is_relative_to(tmp_path)


def test_another_port_makes_a_running_emulator_out_of_date(tmp_path: Path) -> None:
    assert emulator.version(StackHome(tmp_path, 4566)) != emulator.version(StackHome(tmp_path, 4567))
