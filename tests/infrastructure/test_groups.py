"""Which tests may run beside which."""

from collections import defaultdict
from pathlib import PurePath

import pytest

from local.environments import ROOT
from tests.groups import CALLERS, ORDER, group_of, turn_of

MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("tier", ["browser", "clients", "e2e"])
def test_those_who_call_the_api_from_outside_are_one_group(tier: str) -> None:
    assert group_of(PurePath(f"tests/{tier}/test_any.py")) == CALLERS


def test_the_runbooks_have_a_stack_on_which_nothing_else_ran() -> None:
    module = PurePath("tests/integration/test_runbooks.py")
    assert module in MODULES
    of_their_group = [each for each in MODULES if group_of(each) == group_of(module)]
    assert group_of(module) == CALLERS
    assert min(of_their_group, key=turn_of) == module
    assert all(each.parts[1] in ("browser", "clients", "e2e") for each in of_their_group if each != module)


@pytest.mark.parametrize("tier", ["integration", "contract", "infrastructure"])
def test_a_tier_that_shares_a_stack_a_server_or_a_build_is_one_group(tier: str) -> None:
    groups = {
        group_of(PurePath(f"tests/{tier}/{name}")) for name in ("test_one.py", "test_two.py", "inner/test_one.py")
    }
    assert groups == {tier}


def test_unit_tests_are_free_but_for_their_module() -> None:
    free = [module for module in MODULES if module.parts[1] == "unit"]
    assert len({group_of(module) for module in free}) == len(free) > len(ORDER)


def test_the_group_that_takes_longest_is_begun_first() -> None:
    turns = defaultdict(set)
    for module in MODULES:
        turns[turn_of(module)[0]].add(group_of(module))
    assert [turns.pop(turn) for turn in range(len(ORDER))] == [{group} for group in ORDER]
    assert turns.keys() == {len(ORDER)}


def test_what_reads_the_whole_event_table_comes_before_it_has_grown() -> None:
    """In this order: the backfill appends a crowd that those before it would look at, and the operations need it."""
    names = [module.name for module in sorted(MODULES, key=turn_of)]
    assert names[:5] == [
        "test_first_minutes.py",
        "test_pasted_blocks.py",
        "test_lost_batches.py",
        "test_backfill.py",
        "test_operations.py",
    ]
