"""The CDK command line comes from a lock with hashes, not from what npm happens to have today."""

import hashlib
import json
import shutil
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from local.environments import ROOT
from local.errors import StackError
from local.progress import NoProgress
from local.tools import cdk


def packages() -> dict[str, dict[str, object]]:
    lock = json.loads((cdk.APP / "package-lock.json").read_text())
    return {name: each for name, each in lock["packages"].items() if name}


def test_every_package_in_the_lock_has_a_hash_and_no_address() -> None:
    assert packages()
    for package in packages().values():
        assert len(b64decode(str(package["integrity"]).removeprefix("sha512-"))) == hashlib.sha512().digest_size
        assert "resolved" not in package


def test_the_lock_has_the_version_that_the_package_file_names() -> None:
    wanted = json.loads((cdk.APP / "package.json").read_text())["devDependencies"]
    assert wanted == {"aws-cdk": packages()["node_modules/aws-cdk"]["version"]}


def test_nothing_fetches_a_program_by_name_alone() -> None:
    readers = [ROOT / "Makefile", *(ROOT / "pipeline").rglob("*.yml"), *(ROOT / "docs").rglob("*.md")]
    for file in readers:
        assert "npx " not in file.read_text(), file
        assert "npm install" not in file.read_text(), file


def test_a_package_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Npm stops before it unpacks anything."""
    app = tmp_path / "pipeline"
    app.mkdir()
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "package.json").write_text('{"name": "aws-cdk", "version": "1.0.0"}')
    archive = shutil.make_archive(str(tmp_path / "aws-cdk"), "gztar", tmp_path, "nothing")
    wrong = b64encode(hashlib.sha512(b"other").digest()).decode()
    names = {"name": "app", "devDependencies": {"aws-cdk": f"file:{archive}"}}
    locked = {"version": f"file:{archive}", "resolved": f"file:{archive}", "integrity": f"sha512-{wrong}"}
    (app / "package.json").write_text(json.dumps(names))
    lock = {"lockfileVersion": 3, "packages": {"": names, "node_modules/aws-cdk": locked}}
    (app / "package-lock.json").write_text(json.dumps(lock))
    (app / ".npmrc").write_text("")
    monkeypatch.setattr(cdk, "STATE", tmp_path)

    with pytest.raises(StackError, match="does not match its hash") as caught:
        cdk.installed(NoProgress(), app)

    assert "EINTEGRITY" in caught.value.details
    assert [each.name for each in (tmp_path / "cdk").iterdir()] == ["install.lock"]
