"""The definition of a deliberate defect."""

from dataclasses import dataclass
from typing import Any

from tests.simulation.signatures import require_stand_in


@dataclass(frozen=True, slots=True)
class Change:
    """Replaces the value of one name.

    Raises:
        TypeError: The new value cannot be called like the current one, so the defect would be another than it says.
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
        changes: The replacements.
        equivalent: Why it cannot be detected, if another line of defence makes it harmless.
        every: Only the multiples of this are tried as seeds, because the other worlds do not have what is defective.
    """

    name: str
    changes: tuple[Change, ...]
    equivalent: str = ""
    every: int = 1


def one(name: str, owner: Any, attribute: str, value: Any, equivalent: str = "") -> Mutation:
    return Mutation(name, (Change(owner, attribute, value),), equivalent)
