"""Copying a small checkout under another name."""

import json
import subprocess
from pathlib import Path

import pytest

from scaffold.__main__ import main
from scaffold.adopt import CannotAdopt, adopt, default_destination
from scaffold.names import BadName, Name

ORDER = Name("order", "orders")
IMAGE = b"\x89PNG\xff customer"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Sources, an image, a program, a folder that keeps its words, and a file that git ignores."""
    root = tmp_path / "checkout"
    files = {
        "commands/create_customer.py": b"class CreateCustomer: ...",
        "images/customers.png": IMAGE,
        "run": b"#!/bin/sh\n",
        "scaffold/renaming.py": b"'customer'",
        "ignored.txt": b"customer",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "run").chmod(0o755)
    (root / ".gitignore").write_text("ignored.txt")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    return root


def test_tracked_files_are_copied_and_renamed(checkout: Path, tmp_path: Path) -> None:
    there = tmp_path / "order-api"

    assert {path.relative_to(there).as_posix() for path in adopt(ORDER, there, checkout)} == {
        ".gitignore", "commands/create_order.py", "images/orders.png", "run", "scaffold/renaming.py",
    }  # fmt: skip
    assert (there / "commands/create_order.py").read_text() == "class CreateOrder: ..."
    assert (there / "images/orders.png").read_bytes() == IMAGE
    assert (there / "scaffold/renaming.py").read_text() == "'customer'"
    assert (there / "run").stat().st_mode & 0o111


def test_a_copy_has_had_no_release(checkout: Path, tmp_path: Path) -> None:
    golden = checkout / "tests/golden"
    (golden / "releases").mkdir(parents=True)
    (golden / "releases/0.2.0.json").write_text("{}")
    (golden / "previous-release.json").write_text('{"tag": "v0.2.0", "commit": "abc"}')
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)

    adopt(ORDER, tmp_path / "order-api", checkout)

    there = tmp_path / "order-api/tests/golden"
    assert [path.name for path in there.iterdir()] == ["previous-release.json"]
    assert json.loads((there / "previous-release.json").read_text()) == {
        "tag": "", "commit": "", "known_differences": {},
    }  # fmt: skip


def test_the_checkout_stays_as_it_is(checkout: Path, tmp_path: Path) -> None:
    adopt(ORDER, tmp_path / "order-api", checkout)

    assert (checkout / "commands/create_customer.py").read_text() == "class CreateCustomer: ..."
    with pytest.raises(CannotAdopt, match=r"^DEST must be outside this checkout"):
        adopt(ORDER, checkout / "order-api", checkout)


def test_a_folder_with_something_in_it_is_refused(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    adopt(ORDER, tmp_path / "mine", checkout)

    with pytest.raises(CannotAdopt, match=r"^DEST must be a new or an empty folder, and .*mine is not"):
        adopt(ORDER, tmp_path / "mine", checkout)


def test_a_clash_is_refused_before_anything_is_written(checkout: Path, tmp_path: Path) -> None:
    (checkout / "commands/create_customer.py").write_text("customer_id = order_id")

    with pytest.raises(BadName, match=r"^NAME 'order' clashes with names .* \(order_id\): choose another.$"):
        adopt(ORDER, tmp_path / "order-api", checkout)
    assert not (tmp_path / "order-api").exists()


def test_a_copy_is_not_adopted_again(checkout: Path, tmp_path: Path) -> None:
    there = tmp_path / "order-api"
    adopt(ORDER, there, checkout)
    subprocess.run(["git", "init", "--quiet"], cwd=there, check=True)
    subprocess.run(["git", "add", "--all"], cwd=there, check=True)

    with pytest.raises(CannotAdopt, match=r"^Nothing here is named customer"):
        adopt(Name("invoice", "invoices"), tmp_path / "invoice-api", there)


def test_a_folder_without_version_control_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()

    with pytest.raises(CannotAdopt, match=r"^This folder is not a git checkout"):
        adopt(ORDER, tmp_path / "order-api", tmp_path / "plain")


def test_a_copy_goes_beside_the_checkout_unless_told_otherwise() -> None:
    assert default_destination(ORDER, Path("/projects/customers-api")) == Path("/projects/order-api")


def test_the_command_answers_with_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--name", "Order"]) == 1
    assert capsys.readouterr().err.startswith("make adopt: NAME must be one lower-case word")
