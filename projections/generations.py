"""The generations of the projection: which one is read, which ones are fed, and the steps between them.

    active ──start_rebuild──> active + building ──confirm──> verified ──switch──> building becomes active,
                                   │                                              active becomes previous
                                   └──abandon──> active                             │            │
                                                                                 rollback   retire (removes previous)

Readers must never see older data after a switch to another generation. So the projector feeds every live generation and
writes the active one last: whatever readers see in the active generation is already in the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from projections.generation_details import MOST_SHARDS, GenerationDetails
from shared.runtime.clock import timestamp
from shared.runtime.errors import TransientFailure

FIRST_GENERATION: Final = 1
# An invocation that began before the last switch feeds the generations in the old order, for at most its function's
# timeout (template.yml, ProjectCustomers). A rollback within that time could show older rows.
SETTLES_AFTER: Final = timedelta(seconds=60)


class WrongStep(Exception):
    """The generations are not in the state that a step requires. The message names the step to take instead."""


@dataclass(frozen=True, slots=True)
class Generations:
    """All generations that have rows.

    Attributes:
        active: The generation that queries read.
        building: The generation that a rebuild fills; None if no rebuild is in progress.
        verified: Whether `building` was compared with the event table and found equal.
        previous: The generation that was active before, kept for a rollback; None if there is none.
        retired: Generations whose rows have yet to be removed.
        newest: The highest number assigned so far. Numbers are never reused.
        changed_at: When a generation was last activated or retired; empty if never.
        revision: Counts the changes to this record.
        details: Facts about generations. One that is not among them has the default of every fact.
        unknown: Fields of the stored record that a later release added. They are written back unchanged.
    """

    active: int = FIRST_GENERATION
    building: int | None = None
    verified: bool = False
    previous: int | None = None
    retired: tuple[int, ...] = ()
    newest: int = FIRST_GENERATION
    changed_at: str = ""
    revision: int = 0
    details: tuple[GenerationDetails, ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    @property
    def fed(self) -> tuple[int, ...]:
        """The generations that the projector writes, in the order in which it must write them."""
        return tuple(number for number in (self.building, self.previous, self.active) if number is not None)

    def before(self, generation: int) -> tuple[int, ...]:
        """Return the generations that are fed before this one; empty if it is not fed. Code that writes a row outside
        the projector must first bring these to the same version.
        """
        return self.fed[: self.fed.index(generation)] if generation in self.fed else ()

    @property
    def readable(self) -> frozenset[int]:
        """The generations from which the next page of a list can still be read."""
        return frozenset(number for number in (self.previous, self.active) if number is not None)

    @property
    def retired_or_removed(self) -> tuple[int, ...]:
        """Every generation that is no longer fed, whether or not its rows were removed."""
        return tuple(number for number in range(FIRST_GENERATION, self.newest + 1) if number not in self.fed)

    def details_of(self, generation: int) -> GenerationDetails:
        """Return the facts about one generation."""
        known = (each for each in self.details if each.number == generation)
        return next(known, GenerationDetails(generation))

    def role_of(self, generation: int) -> str:
        """Return what a generation is now, in one word."""
        roles = {self.active: "active", self.building: "building", self.previous: "previous"}
        return roles.get(generation, "retired")

    def start_rebuild(self, shards: int | None = None) -> "Generations":
        """Add a new generation to build.

        Args:
            shards: Over how many partitions the indexes spread its rows, 1 to `MOST_SHARDS`; None for as many as those
                of the active generation.

        Raises:
            WrongStep: One is already being built, or the number of shards is out of range.
        """
        used = self.details_of(self.active).shards if shards is None else shards
        if not 1 <= used <= MOST_SHARDS:
            raise WrongStep(f"shards must be a whole number from 1 to {MOST_SHARDS}, not {shards}.")
        if self.building is not None:
            raise WrongStep(
                f"Generation {self.building} is being built already: continue with 'rebuild run', "
                "or drop it with 'rebuild abandon'."
            )
        number = self.newest + 1
        begun = replace(self, building=number, newest=number, verified=False)
        return begun.with_details(GenerationDetails(number, used))

    def confirm(self, at: str = "", customers: int = 0) -> "Generations":
        """Record that the generation being built equals the event table.

        Args:
            at: When the comparison ended: RFC 3339, UTC.
            customers: The number of customers compared.

        Raises:
            WrongStep: No generation is being built.
        """
        details = self.details_of(self._require_building())
        return replace(self, verified=True).with_details(replace(details, verified_at=at, customers=customers))

    def switch(self, now: datetime) -> "Generations":
        """Make the new generation active.

        Raises:
            WrongStep: No generation is being built, it was not verified, or the previous one was not retired.
        """
        building = self._require_building()
        if not self.verified:
            raise WrongStep(f"Generation {building} was not verified: run 'rebuild verify' first.")
        self.must_not_have_previous()
        return replace(
            self, active=building, previous=self.active, building=None, verified=False, changed_at=timestamp(now)
        )

    def rollback(self, now: datetime) -> "Generations":
        """Make the previous generation active again. A second rollback undoes the first.

        Raises:
            WrongStep: There is no previous generation, or the last switch is less than a minute old.
        """
        if self.previous is None:
            raise WrongStep("No previous generation is kept to roll back to: run 'status' to see the generations.")
        if not self.has_settled(now):
            raise WrongStep("The last switch is less than a minute old: wait, then run 'rebuild rollback' again.")
        return replace(self, active=self.previous, previous=self.active, changed_at=timestamp(now))

    def retire(self, now: datetime) -> "Generations":
        """Stop feeding the previous generation.

        Raises:
            WrongStep: There is no previous generation.
        """
        if self.previous is None:
            raise WrongStep("No previous generation is kept to retire: run 'status' to see the generations.")
        return replace(self, previous=None, retired=(*self.retired, self.previous), changed_at=timestamp(now))

    def abandon(self, now: datetime) -> "Generations":
        """Stop feeding the generation being built.

        Raises:
            WrongStep: No generation is being built.
        """
        retired = (*self.retired, self._require_building())
        return replace(self, building=None, verified=False, retired=retired, changed_at=timestamp(now))

    def must_be_building(self, generation: int) -> None:
        """Check that a generation is still being built.

        Raises:
            WrongStep: It was activated or abandoned.
        """
        if self.building != generation:
            raise WrongStep(
                f"Generation {generation} is no longer being built: it was switched to or abandoned. "
                "Run 'status' to see the generations."
            )

    def must_be_fed(self, generation: int) -> None:
        """Check that the projector writes a generation. Rows in any other one are never brought up to date.

        Raises:
            WrongStep: The generation was given up, or never existed.
        """
        if generation in self.fed:
            return
        if generation in self.retired_or_removed:
            problem = "was given up, so nothing keeps its rows up to date"
        else:
            problem = "does not exist"
        fed = ", ".join(str(number) for number in sorted(self.fed))
        raise WrongStep(f"Generation {generation} {problem}: choose one of {fed}, or leave out --generation.")

    def must_not_have_previous(self) -> None:
        """Check that the previous generation was retired.

        Raises:
            WrongStep: It is still kept.
        """
        if self.previous is not None:
            raise WrongStep(f"Generation {self.previous} is kept from the last switch: run 'rebuild retire' first.")

    def has_settled(self, now: datetime) -> bool:
        """Whether every invocation that began before the last change has ended."""
        return not self.changed_at or self.changed_at <= timestamp(now - SETTLES_AFTER)

    def removed(self, generation: int) -> "Generations":
        """Record that a retired generation's rows were removed."""
        retired = tuple(number for number in self.retired if number != generation)
        return replace(self, retired=retired).with_details(GenerationDetails(generation))

    def with_details(self, details: GenerationDetails) -> "Generations":
        """Replace the facts about one generation. Those that equal the default are not kept."""
        others = tuple(each for each in self.details if each.number != details.number)
        return replace(self, details=others if details == GenerationDetails(details.number) else (*others, details))

    def _require_building(self) -> int:
        if self.building is None:
            raise WrongStep("No generation is being built: run 'rebuild start' first.")
        return self.building


class GenerationsChanged(TransientFailure):
    """Another process changed the generations since they were loaded. Load them again."""


class GenerationStore(Protocol):
    """Stores the record of generations."""

    def load(self) -> Generations:
        """Return the record, read consistently. If nothing was saved yet, only the first generation exists."""
        ...

    def save(self, generations: Generations) -> Generations:
        """Replace the record.

        Args:
            generations: Derived from the loaded record, with that record's revision.

        Returns:
            The same record with its new revision.

        Raises:
            GenerationsChanged: The stored record has another revision.
        """
        ...
