"""What a deliberate defect is."""

from dataclasses import dataclass
from typing import Any

from tests.simulation.signatures import require_stand_in


@dataclass(frozen=True, slots=True)
class Change:
    """One name that gets another value.

    Raises:
        TypeError: The value cannot be called as what stands there now, so the defect would be another one than it says.
    """

    owner: Any
    name: str
    value: Any

    def __post_init__(self) -> None:
        """See the class."""
        require_stand_in(self.value, vars(self.owner)[self.name])


@dataclass(frozen=True, slots=True)
class Mutation:
    """A defect.

    Attributes:
        name: What is wrong, in a few words.
        changes: How it is made.
        equivalent: Why nobody can notice it, for one that another line of defence makes harmless.
    """

    name: str
    changes: tuple[Change, ...]
    equivalent: str = ""


def one(name: str, owner: Any, attribute: str, value: Any, equivalent: str = "") -> Mutation:
    return Mutation(name, (Change(owner, attribute, value),), equivalent)
