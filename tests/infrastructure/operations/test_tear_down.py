"""The commands of the page that tears a stage down, run on moto as they are printed."""

import re
import shlex
import sys
from io import StringIO

import pytest

from local.environments import ROOT
from operations import __main__ as program
from operations.account import AwsAccount
from tests.infrastructure.operations.test_clean_up import account, leave_everything
from tests.unit.docs.pages import Page

PAGE = Page(ROOT / "docs/how-to/tear-down.md")
__all__ = ["account"]


def commands() -> list[list[str]]:
    """The words of each command, without the program's name."""
    found = [re.fullmatch(r'make customers ARGS="(.*)"\n', block.strip() + "\n") for block in PAGE.fences("sh")]
    assert all(found), PAGE.fences("sh")
    return [shlex.split(match[1]) for match in found if match]


def test_the_page_removes_all_of_a_stage_and_nothing_of_another(
    account: AwsAccount,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    leave_everything(account, "ada")
    leave_everything(account, "eve")
    monkeypatch.setattr(sys, "stdin", StringIO())
    look, remove, look_again = commands()

    def run(words: list[str]) -> tuple[int, str]:
        status = program.main(words, connect_to_account=lambda: account)
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    # Nobody types the name, so nothing is deleted.
    status, shown = run(look)
    assert (status, "Nothing was deleted" in shown) == (1, True)
    assert len(account.client("dynamodb").list_tables()["TableNames"]) == 8

    assert run(remove)[0] == 0
    assert run(look_again) == (0, f"Nothing is left of CustomersApiAda in {account.region}.\n")
    assert sorted(account.client("dynamodb").list_tables()["TableNames"]) == sorted(
        f"eve-{name}" for name in ("customer-claims", "customer-erasures", "customer-events", "customers")
    )
