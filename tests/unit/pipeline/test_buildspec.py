"""The walk runs buildspecs by CodeBuild's rules for failures."""

import os
from pathlib import Path
from typing import Any

import pytest

from local.errors import StackError
from pipeline.walk import buildspec
from pipeline.walk.buildspec import BuildResult

ENV = {"PATH": os.defpath}


def ran(tmp_path: Path, phases: dict[str, Any], env: dict[str, str] | None = None) -> tuple[BuildResult, str]:
    """Run phases in an empty folder and return the result and the printed output."""
    folder, log = tmp_path / "source", tmp_path / "log"
    folder.mkdir()
    return buildspec.run({"phases": phases}, folder, ENV | (env or {}), log), log.read_text()


def echo(*words: str) -> dict[str, Any]:
    return {"commands": [f"echo {word}" for word in words]}


def test_all_phases_run_in_order(tmp_path: Path) -> None:
    result, printed = ran(
        tmp_path, {"post_build": echo("4"), "build": echo("3"), "pre_build": echo("2"), "install": echo("1")}
    )

    assert printed.split() == ["1", "2", "3", "4"]
    assert result.succeeded
    assert list(result.phases) == list(buildspec.PHASES)


def test_phases_share_one_shell(tmp_path: Path) -> None:
    install = {"commands": ["mkdir inner", "cd inner", "export SEEN=yes"]}

    _, printed = ran(tmp_path, {"install": install, "build": {"commands": ["echo $SEEN $(basename $PWD)"]}})

    assert printed.split() == ["yes", "inner"]


def test_a_phase_stops_at_its_first_failing_command(tmp_path: Path) -> None:
    result, printed = ran(tmp_path, {"build": {"commands": ["echo before", "false", "echo after"]}})

    assert printed.split() == ["before"]
    assert result.phases == {"build": False}


@pytest.mark.parametrize("phase", ["install", "pre_build"])
def test_no_phase_runs_after_a_failed_install_or_pre_build(tmp_path: Path, phase: str) -> None:
    result, printed = ran(tmp_path, {phase: {"commands": ["false"]}, "build": echo("b"), "post_build": echo("p")})

    assert printed == ""
    assert result.phases == {phase: False}
    assert not result.succeeded


def test_post_build_runs_after_a_failed_build_and_the_build_stays_failed(tmp_path: Path) -> None:
    result, printed = ran(tmp_path, {"build": {"commands": ["false"]}, "post_build": echo("after")})

    assert printed.split() == ["after"]
    assert result.phases == {"build": False, "post_build": True}
    assert not result.succeeded


def test_finally_always_runs_and_its_failure_counts(tmp_path: Path) -> None:
    result, printed = ran(
        tmp_path, {"install": {"commands": ["false"], "finally": ["echo last"]}, "build": echo("never")}
    )
    assert printed.split() == ["last"]
    assert result.phases == {"install": False}

    spec = {"phases": {"install": {"commands": ["true"], "finally": ["false"]}}}
    assert not buildspec.run(spec, tmp_path / "source", ENV, tmp_path / "log").succeeded


def test_on_failure_continue_runs_the_next_phase(tmp_path: Path) -> None:
    phases = {"pre_build": {"commands": ["false"], "on-failure": "CONTINUE"}, "build": echo("goes", "on")}

    result, printed = ran(tmp_path, phases)

    assert printed.split() == ["goes", "on"]
    assert not result.succeeded


def test_a_command_that_exits_the_shell_fails_the_build(tmp_path: Path) -> None:
    result, printed = ran(tmp_path, {"build": {"commands": ["exit 0", "echo never"]}})

    assert printed == ""
    assert not result.succeeded


def test_the_environment_overrides_the_variables_of_the_buildspec(tmp_path: Path) -> None:
    spec = {"env": {"variables": {"ONE": 1, "TWO": 2}}, "phases": {"build": {"commands": ["echo $ONE $TWO"]}}}
    folder = tmp_path / "source"
    folder.mkdir()

    buildspec.run(spec, folder, ENV | {"TWO": "second"}, tmp_path / "log")

    assert (tmp_path / "log").read_text().split() == ["1", "second"]


def test_a_missing_artifact_is_an_error(tmp_path: Path) -> None:
    spec = {"artifacts": {"files": ["packaged.yml", "more/**/*"]}}
    folder = tmp_path / "source"
    (folder / "more" / "inner").mkdir(parents=True)
    (folder / "more" / "inner" / "file").write_text("content")

    with pytest.raises(StackError, match=r"did not create packaged\.yml"):
        buildspec.collect(spec, folder, tmp_path / "artifact")

    (folder / "packaged.yml").write_text("Resources: {}")
    buildspec.collect(spec, folder, tmp_path / "artifact")
    assert (tmp_path / "artifact" / "packaged.yml").read_text() == "Resources: {}"
    assert (tmp_path / "artifact" / "more" / "inner" / "file").read_text() == "content"


@pytest.mark.parametrize(
    "text",
    ["version: 0.2\nreports: {}", "version: 0.2\nphases: {deploy: {}}", "version: 0.2\nenv: {shell: sh}"],
)
def test_unsupported_features_are_refused(text: str) -> None:
    with pytest.raises(StackError):
        buildspec.parse(text)
