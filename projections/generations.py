"""The generations of the projection: which one is read, which are fed, and the steps from one to the next.

    active ──start_rebuild──> active + building ──verified──> ──switch──> building is active, active is previous
                                   │                                        │            │
                                   └──abandon──> active                  rollback     retire (previous is removed)

Whatever is read must never go back in time when the reading moves to another generation. So the projector feeds every
living generation, and the active one last: what can be read in it stands in the others already.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from shared.runtime.clock import timestamp

FIRST_GENERATION: Final = 1
# An invocation that began before the last switch feeds in the old order, and lasts as long as its function may
# (template.yml, ProjectCustomers, Timeout). Moving back within that time could show older rows.
SETTLES_AFTER: Final = timedelta(seconds=60)


class WrongStep(Exception):
    """The generations are not in the state that a step needs; the text says which step fits."""


@dataclass(frozen=True, slots=True)
class Generations:
    """All generations that have rows.

    Attributes:
        active: The one that queries read.
        building: The one that a rebuild fills; None when there is none.
        verified: Whether `building` was compared with the event table and found equal.
        previous: The one that was active before, kept to go back to; None when there is none.
        retired: Ones whose rows are being removed.
        newest: The highest number ever given, as a number is never used again.
        changed_at: When a generation was last switched to or given up; empty for never.
        revision: Counts the changes of this record.
    """

    active: int = FIRST_GENERATION
    building: int | None = None
    verified: bool = False
    previous: int | None = None
    retired: tuple[int, ...] = ()
    newest: int = FIRST_GENERATION
    changed_at: str = ""
    revision: int = 0

    @property
    def fed(self) -> tuple[int, ...]:
        """The generations that the projector keeps up to date, in the order in which it must write them."""
        return tuple(number for number in (self.building, self.previous, self.active) if number is not None)

    def before(self, generation: int) -> tuple[int, ...]:
        """The generations that are fed before one: whoever writes a row by hand must bring them as far first.

        Args:
            generation: Which. Nothing goes before one that is not fed.
        """
        return self.fed[: self.fed.index(generation)] if generation in self.fed else ()

    @property
    def readable(self) -> frozenset[int]:
        """The generations that a list begun earlier may still be read from."""
        return frozenset(number for number in (self.previous, self.active) if number is not None)

    @property
    def given_up(self) -> tuple[int, ...]:
        """Every number that was given and is neither fed nor read, whether its rows were removed or not."""
        return tuple(number for number in range(FIRST_GENERATION, self.newest + 1) if number not in self.fed)

    def start_rebuild(self) -> "Generations":
        """Begin a new generation beside the active one.

        Raises:
            WrongStep: One is being built already.
        """
        if self.building is not None:
            raise WrongStep(f"Generation {self.building} is being built: go on with it, or abandon it first.")
        number = self.newest + 1
        return replace(self, building=number, newest=number, verified=False)

    def confirm(self) -> "Generations":
        """Note that the generation being built equals the event table.

        Raises:
            WrongStep: None is being built.
        """
        self._built()
        return replace(self, verified=True)

    def switch(self, now: datetime) -> "Generations":
        """Let queries read the new generation.

        Args:
            now: The current instant, aware.

        Raises:
            WrongStep: None is being built, it was not verified, or an older one must be retired first.
        """
        building = self._built()
        if not self.verified:
            raise WrongStep(f"Generation {building} was not verified: run verify on it first.")
        if self.previous is not None:
            raise WrongStep(f"Generation {self.previous} is kept from the last switch: retire it first.")
        return replace(
            self, active=building, previous=self.active, building=None, verified=False, changed_at=timestamp(now)
        )

    def rollback(self, now: datetime) -> "Generations":
        """Let queries read the generation that was active before; a second rollback undoes the first.

        Args:
            now: The current instant, aware.

        Raises:
            WrongStep: None is kept, or the last switch is less than a minute old.
        """
        if self.previous is None:
            raise WrongStep("No earlier generation is kept: there is nothing to go back to.")
        if not self.has_settled(now):
            raise WrongStep("The last switch is less than a minute old: wait, so that nobody reads older data.")
        return replace(self, active=self.previous, previous=self.active, changed_at=timestamp(now))

    def retire(self, now: datetime) -> "Generations":
        """Give up the generation kept from the last switch.

        Args:
            now: The current instant, aware.

        Raises:
            WrongStep: None is kept.
        """
        if self.previous is None:
            raise WrongStep("No earlier generation is kept: there is nothing to retire.")
        return replace(self, previous=None, retired=(*self.retired, self.previous), changed_at=timestamp(now))

    def abandon(self, now: datetime) -> "Generations":
        """Give up the generation being built.

        Args:
            now: The current instant, aware.

        Raises:
            WrongStep: None is being built.
        """
        retired = (*self.retired, self._built())
        return replace(self, building=None, verified=False, retired=retired, changed_at=timestamp(now))

    def must_be_building(self, generation: int) -> None:
        """Refuse work on a generation that is not being built.

        Args:
            generation: Which.

        Raises:
            WrongStep: It was switched to, or given up.
        """
        if self.building != generation:
            raise WrongStep(f"Generation {generation} is not being built any more: somebody ended its rebuild.")

    def has_settled(self, now: datetime) -> bool:
        """Whether every invocation that began before the last change has ended, and so knows of it.

        Args:
            now: The current instant, aware.
        """
        return not self.changed_at or self.changed_at <= timestamp(now - SETTLES_AFTER)

    def removed(self, generation: int) -> "Generations":
        """Note that a retired generation has no rows any more.

        Args:
            generation: Which.
        """
        return replace(self, retired=tuple(number for number in self.retired if number != generation))

    def _built(self) -> int:
        if self.building is None:
            raise WrongStep("No generation is being built: start a rebuild first.")
        return self.building


class GenerationsChanged(Exception):
    """Somebody else changed the generations meanwhile; look again."""


class GenerationStore(Protocol):
    """Keeps the record of generations."""

    def load(self) -> Generations:
        """The record as it stands (consistent); the first generation alone where nothing was ever saved."""
        ...

    def save(self, generations: Generations) -> Generations:
        """Replace the record by one made from it.

        Args:
            generations: With the revision that it was made from.

        Returns:
            The same with its new revision.

        Raises:
            GenerationsChanged: The record is not of that revision any more.
        """
        ...
