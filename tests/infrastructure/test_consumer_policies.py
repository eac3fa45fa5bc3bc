"""The policies that consuming teams copy from the documentation are valid CloudFormation."""

import subprocess
from pathlib import Path

from local.environments import ROOT, bin_of
from tests.unit.docs.pages import Page

PAGE = Page(ROOT / "docs/how-to/attach-a-consumer.md")


def test_the_policies_for_another_account_are_valid_templates(tmp_path: Path) -> None:
    ours, theirs = PAGE.fences("yaml")
    beside_ours = "  CustomersBus:\n    Type: AWS::Events::EventBus\n    Properties: {Name: customers}\n"
    beside_theirs = "  Queue:\n    Type: AWS::SQS::Queue\n"
    (tmp_path / "ours.yml").write_text(f"Resources:\n{beside_ours}{indented(ours)}")
    (tmp_path / "theirs.yml").write_text(f"Resources:\n{beside_theirs}{indented(theirs)}")

    for name in ("ours.yml", "theirs.yml"):
        done = subprocess.run(
            [str(bin_of("dev") / "cfn-lint"), str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
