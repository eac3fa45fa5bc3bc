import re
import secrets
import stat
from pathlib import Path

import pytest

from local import demo_user
from local.home import StackHome


def test_the_password_is_generated_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    home = StackHome(tmp_path, 1)
    user = demo_user._stored_user(home)
    assert demo_user._stored_user(home) == user
    assert stat.S_IMODE((tmp_path / "demo-user.json").stat().st_mode) == 0o600


def test_every_password_meets_the_pools_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size: "-" * size)
    password = demo_user._stored_user(StackHome(tmp_path, 1)).password
    assert len(password) >= 12
    assert all(re.search(kind, password) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def test_a_file_from_an_older_version_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "demo-user.json").write_text('{"name": "old"}')
    assert demo_user._stored_user(StackHome(tmp_path, 1)).email == "demo@example.com"


def test_the_sign_in_address_is_one_of_the_documentation() -> None:
    api = "http://127.0.0.1:1/_aws/execute-api/abc/local"
    assert demo_user.sign_in_url({"ApiEndpoint": api}) == f"{api}/docs#sign-in"
