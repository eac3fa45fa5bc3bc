"""The walk runs buildspecs by CodeBuild's rules."""

import os
from pathlib import Path
from typing import Any

import pytest

from local.errors import StackError
from pipeline.walk import buildspec
from pipeline.walk.buildspec import PhaseResult

ENV = {"PATH": os.defpath}


def ran(tmp_path: Path, phases: dict[str, Any], env: dict[str, str] | None = None) -> tuple[PhaseResult, str]:
    """Run phases in an empty folder; what they print is the second."""
    folder, log = tmp_path / "source", tmp_path / "log"
    folder.mkdir()
    return buildspec.run({"phases": phases}, folder, ENV | (env or {}), log), log.read_text()


def echo(*words: str) -> dict[str, Any]:
    return {"commands": [f"echo {word}" for word in words]}


def test_all_phases_run_in_their_order(tmp_path: Path) -> None:
    outcome, printed = ran(
        tmp_path, {"post_build": echo("4"), "build": echo("3"), "pre_build": echo("2"), "install": echo("1")}
    )

    assert printed.split() == ["1", "2", "3", "4"]
    assert outcome.succeeded
    assert list(outcome.phases) == list(buildspec.PHASES)


def test_phases_share_one_shell(tmp_path: Path) -> None:
    install = {"commands": ["mkdir inner", "cd inner", "export SEEN=yes"]}

    _, printed = ran(tmp_path, {"install": install, "build": {"commands": ["echo $SEEN $(basename $PWD)"]}})

    assert printed.split() == ["yes", "inner"]


def test_a_phase_stops_at_its_first_command_that_fails(tmp_path: Path) -> None:
    outcome, printed = ran(tmp_path, {"build": {"commands": ["echo before", "false", "echo after"]}})

    assert printed.split() == ["before"]
    assert outcome.phases == {"build": False}


@pytest.mark.parametrize("phase", ["install", "pre_build"])
def test_nothing_is_built_after_a_failed_preparation(tmp_path: Path, phase: str) -> None:
    outcome, printed = ran(tmp_path, {phase: {"commands": ["false"]}, "build": echo("b"), "post_build": echo("p")})

    assert printed == ""
    assert outcome.phases == {phase: False}
    assert not outcome.succeeded


def test_post_build_runs_after_a_failed_build_which_stays_failed(tmp_path: Path) -> None:
    outcome, printed = ran(tmp_path, {"build": {"commands": ["false"]}, "post_build": echo("after")})

    assert printed.split() == ["after"]
    assert outcome.phases == {"build": False, "post_build": True}
    assert not outcome.succeeded


def test_finally_runs_in_any_case_and_its_failure_counts(tmp_path: Path) -> None:
    outcome, printed = ran(
        tmp_path, {"install": {"commands": ["false"], "finally": ["echo last"]}, "build": echo("never")}
    )
    assert printed.split() == ["last"]
    assert outcome.phases == {"install": False}

    spec = {"phases": {"install": {"commands": ["true"], "finally": ["false"]}}}
    assert not buildspec.run(spec, tmp_path / "source", ENV, tmp_path / "log").succeeded


def test_a_phase_that_may_fail_is_passed_over(tmp_path: Path) -> None:
    phases = {"pre_build": {"commands": ["false"], "on-failure": "CONTINUE"}, "build": echo("goes", "on")}

    outcome, printed = ran(tmp_path, phases)

    assert printed.split() == ["goes", "on"]
    assert not outcome.succeeded


def test_a_command_that_leaves_the_shell_fails_the_build(tmp_path: Path) -> None:
    outcome, printed = ran(tmp_path, {"build": {"commands": ["exit 0", "echo never"]}})

    assert printed == ""
    assert not outcome.succeeded


def test_a_given_variable_goes_before_the_buildspec_s_own(tmp_path: Path) -> None:
    spec = {"env": {"variables": {"ONE": 1, "TWO": 2}}, "phases": {"build": {"commands": ["echo $ONE $TWO"]}}}
    folder = tmp_path / "source"
    folder.mkdir()

    buildspec.run(spec, folder, ENV | {"TWO": "second"}, tmp_path / "log")

    assert (tmp_path / "log").read_text().split() == ["1", "second"]


def test_an_artifact_that_is_missing_is_an_error(tmp_path: Path) -> None:
    spec = {"artifacts": {"files": ["packaged.yml", "more/**/*"]}}
    folder = tmp_path / "source"
    (folder / "more" / "inner").mkdir(parents=True)
    (folder / "more" / "inner" / "file").write_text("content")

    with pytest.raises(StackError, match=r"left no packaged\.yml"):
        buildspec.collect(spec, folder, tmp_path / "artifact")

    (folder / "packaged.yml").write_text("Resources: {}")
    buildspec.collect(spec, folder, tmp_path / "artifact")
    assert (tmp_path / "artifact" / "packaged.yml").read_text() == "Resources: {}"
    assert (tmp_path / "artifact" / "more" / "inner" / "file").read_text() == "content"


@pytest.mark.parametrize(
    "text",
    ["version: 0.2\nreports: {}", "version: 0.2\nphases: {deploy: {}}", "version: 0.2\nenv: {shell: sh}"],
)
def test_what_is_not_imitated_is_refused(text: str) -> None:
    with pytest.raises(StackError):
        buildspec.parse(text)
