"""Which tests run in one process, one after the other, when several processes share the work (pytest-xdist)."""

from pathlib import PurePath
from typing import Final

from xdist.scheduler import LoadScopeScheduling

CALLERS: Final = "callers"
# In the order in which they start: the longest first, so that the short ones fill the rest.
ORDER: Final = ("integration", CALLERS, "contract", "infrastructure")
_RUNBOOKS: Final = PurePath("tests/integration/test_runbooks.py")
# These read the whole event table repeatedly, and every other test on the stack makes it longer. The runbooks end when
# nothing is wrong, so they come before every other test on their stack.
_BEFORE_THE_REST: Final = (
    "test_first_minutes.py",
    "test_pasted_blocks.py",
    "test_lost_batches.py",
    "test_backfill.py",
    "test_operations.py",
    _RUNBOOKS.name,
)


def group_of(module: PurePath) -> str:
    """The group of a test module.

    A tier whose tests share a stack, a server or a build is one group. The tiers that call the API from outside are one
    group together, with the runbooks at their head. Elsewhere each module is its own group.

    Args:
        module: The module's path, relative to the project's root.
    """
    tier = module.parts[1]
    if tier in ("browser", "clients", "e2e") or module == _RUNBOOKS:
        return CALLERS
    return tier if tier in ORDER else module.as_posix()


def turn_of(module: PurePath) -> tuple[int, int]:
    """The position of a module's group, and of the module within its group, each from 0."""
    return _place(group_of(module), ORDER), _place(module.name, _BEFORE_THE_REST)


def _place(name: str, names: tuple[str, ...]) -> int:
    return names.index(name) if name in names else len(names)


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a free process the next whole group.

    `xdist_group` marks do not work: pytest-xdist 3.8.0 puts them into test ids, and pytest 9 generates the ids again.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(PurePath(nodeid.partition("::")[0]))
