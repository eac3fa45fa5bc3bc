from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local import deployment, emulator
from local.home import StackHome

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

BEGAN = datetime(2026, 1, 2, tzinfo=UTC)


def event(resource: str, status: str, reason: str = "", day: int = 3) -> "StackEventTypeDef":
    return {
        "StackId": "s",
        "EventId": f"{resource}-{status}",
        "StackName": "s",
        "LogicalResourceId": resource,
        "ResourceStatus": status,  # type: ignore[typeddict-item]
        "ResourceStatusReason": reason,
        "Timestamp": datetime(2026, 1, day, tzinfo=UTC),
    }


def test_the_first_cause_of_a_failed_deploy_is_listed_first() -> None:
    newest_first = [
        event("Stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
        event("ReadTable", "CREATE_FAILED", "Resource creation cancelled"),
        event("UserPool", "CREATE_FAILED", "second"),
        event("EventTable", "CREATE_FAILED", "first"),
        event("Old", "CREATE_FAILED", "from an earlier deploy", day=1),
    ]
    assert deployment.failure_reasons(newest_first, BEGAN) == ["EventTable: first", "UserPool: second"]


@pytest.mark.parametrize(
    ("status", "unrecoverable"),
    [
        ("CREATE_COMPLETE", False),
        ("UPDATE_COMPLETE", False),
        ("UPDATE_ROLLBACK_COMPLETE", False),
        ("REVIEW_IN_PROGRESS", False),
        ("ROLLBACK_COMPLETE", True),
        ("UPDATE_ROLLBACK_FAILED", True),
        ("DELETE_FAILED", True),
    ],
)
def test_a_stack_that_cannot_be_updated_is_unrecoverable(status: str, unrecoverable: bool) -> None:
    stack = {"StackName": "s", "CreationTime": BEGAN, "StackStatus": status}
    assert deployment.is_unrecoverable(stack) is unrecoverable  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the folders and the kinds of files of this one, but small."""
    monkeypatch.setattr(emulator, "python_version", lambda: "3.13")
    sources = [f"{package}/__init__.py" for package in deployment.PACKAGES]
    others = [
        "template.yml",
        "Makefile",
        "docs/openapi.json",
        "shared/layer/requirements.txt",
        "queries/api_docs/page.js",
        "queries/api_docs/page.css",
        "queries/api_docs/favicon.svg",
        "docs/reference/problems/gone.md",
    ]
    for name in (*sources, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# original\n")
    return tmp_path


@pytest.mark.parametrize(
    "changed",
    [
        "template.yml",
        "Makefile",
        "events/__init__.py",
        "shared/layer/requirements.txt",
        "queries/fresh.py",
        "queries/api_docs/page.js",
        "queries/api_docs/page.css",
        "queries/api_docs/favicon.svg",
        "docs/openapi.json",
        "docs/reference/problems/gone.md",
    ],
)
def test_a_change_to_a_deployed_file_changes_the_fingerprint(project: Path, changed: str) -> None:
    before = deployment.fingerprint(project)
    with (project / changed).open("a") as file:
        file.write("# changed\n")
    assert deployment.fingerprint(project) != before


def test_other_files_do_not_change_the_fingerprint(project: Path) -> None:
    before = deployment.fingerprint(project)
    (project / "README.md").write_text("new text")
    (project / "events" / "sample.json").write_text("{}")
    assert deployment.fingerprint(project) == before


def test_a_missing_stack_is_not_current(tmp_path: Path) -> None:
    assert not deployment.is_current(StackHome(tmp_path, 1), None)


@pytest.mark.parametrize(
    ("output", "shown"),
    [("Initiating\nError: no bucket\nDetails", "Error: no bucket\nDetails"), ("Killed", "Killed"), ("", "")],
)
def test_only_the_error_of_sams_output_is_shown(output: str, shown: str) -> None:
    assert deployment.error_of(output) == shown
