"""Programs of npm come from a lock with hashes, not from what npm happens to have today."""

import hashlib
import json
import re
import shutil
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from local.environments import ROOT
from local.errors import StackError
from local.progress import NoProgress
from local.tools import cdk, npm_lock

LOCKS = [cdk.APP, ROOT / "tests" / "clients"]


def packages(folder: Path) -> dict[str, dict[str, object]]:
    lock = json.loads((folder / npm_lock.LOCK).read_text())
    return {name: each for name, each in lock["packages"].items() if name}


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_every_package_in_a_lock_has_a_hash_and_no_address(folder: Path) -> None:
    found = packages(folder).values()
    assert found
    for package in found:
        assert len(b64decode(str(package["integrity"]).removeprefix("sha512-"))) == hashlib.sha512().digest_size
        assert "resolved" not in package


@pytest.mark.parametrize("folder", LOCKS, ids=lambda folder: folder.name)
def test_a_lock_has_the_versions_that_its_package_file_names(folder: Path) -> None:
    wanted = json.loads((folder / "package.json").read_text())["devDependencies"]
    assert wanted == {name: packages(folder)[f"node_modules/{name}"]["version"] for name in wanted}


def test_nothing_fetches_a_program_by_name_alone() -> None:
    readers = [ROOT / "Makefile", *(ROOT / "pipeline").rglob("*.yml"), *(ROOT / "docs").rglob("*.md")]
    for file in readers:
        assert "npx " not in file.read_text(), file
        for line in re.findall(r"npm install (.*)", file.read_text()):
            assert all(re.search(r"@\d+\.\d+\.\d+$", word) for word in line.split() if word[0] != "-"), file


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
    monkeypatch.setattr(npm_lock, "STATE", tmp_path)

    with pytest.raises(StackError, match="does not match its hash") as caught:
        cdk.installed(NoProgress(), app)

    assert "EINTEGRITY" in caught.value.details
    assert [each.name for each in (tmp_path / "cdk").iterdir()] == ["install.lock"]
