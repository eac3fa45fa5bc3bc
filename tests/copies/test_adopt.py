"""`make adopt` makes a working copy of the project under another name."""

from pathlib import Path
from typing import Final

import pytest

from local.environments import ROOT
from scaffold.adopt import UNCHANGED, is_adopted
from scaffold.renaming import CURRENT
from tests.copies.project import copy_project, under_version_control

pytestmark = pytest.mark.skipif(
    is_adopted([path.name for path in ROOT.glob("commands/*.py")]), reason="this copy has its own name already"
)
# A word that English, SQL and this project use too, and that begins with a vowel.
NAME: Final = "order"
# AWS's "customer-managed key" stays.
OLD_NAME: Final = rf"{CURRENT.singular}(?![- ]managed)"


def test_a_copy_has_the_new_name_everywhere_and_its_unit_tests_pass(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    project.run("make", "adopt", f"NAME={NAME}", f"DEST={tmp_path / 'adopted'}")
    adopted = under_version_control(tmp_path / "adopted")

    assert project.touched() == []
    assert [path for path in adopted.files_with(OLD_NAME) if not path.startswith(UNCHANGED)] == []
    assert "class OrderCreated(" in (adopted.root / "events/order.py").read_text()
    adopted.run_unit_tests()


def test_a_destination_that_is_not_free_is_refused_in_one_sentence(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")

    with pytest.raises(AssertionError, match="make adopt: DEST must be outside this checkout"):
        project.run("make", "adopt", f"NAME={NAME}", "DEST=docs")
    with pytest.raises(AssertionError, match="make adopt: DEST must be a new or an empty folder"):
        project.run("make", "adopt", f"NAME={NAME}", f"DEST={ROOT / 'docs'}")
    assert project.touched() == []
