"""Which tests run in one process, one after the other, when several share the work (pytest-xdist)."""

from pathlib import PurePath
from typing import Final

from xdist.scheduler import LoadScopeScheduling

CALLERS: Final = "callers"
# In the order in which they are begun: the longest first, so that the short ones fill what is left.
ORDER: Final = ("integration", CALLERS, "contract", "infrastructure")
# They read the whole event table again and again, and every other test on the stack makes it longer.
_BEFORE_THE_REST: Final = ("test_lost_batches.py", "test_backfill.py", "test_operations.py")


def group_of(module: PurePath) -> str:
    """The group of a test module.

    A tier whose tests share a stack, a server or a build is one; those that call the API from outside are one together.
    Elsewhere each module is its own.

    Args:
        module: Its path, relative to the project's root.
    """
    tier = module.parts[1]
    if tier in ("browser", "e2e"):
        return CALLERS
    return tier if tier in ORDER else module.as_posix()


def turn_of(module: PurePath) -> tuple[int, int]:
    """A module's place in the order: its group's, and within that its own, each from 0.

    Args:
        module: As above.
    """
    return _place(group_of(module), ORDER), _place(module.name, _BEFORE_THE_REST)


def _place(name: str, names: tuple[str, ...]) -> int:
    return names.index(name) if name in names else len(names)


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a free process the next group, whole.

    Marks with `xdist_group` would do, but pytest-xdist 3.8.0 writes them into a name that pytest 9 makes anew.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(PurePath(nodeid.partition("::")[0]))
