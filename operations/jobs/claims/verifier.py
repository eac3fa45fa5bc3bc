"""Compares the claims table with the events, both ways, and repairs what is certain.

The two tables are read at different moments while customers change their addresses. So a difference is reported only
if the last two of several looks found the same one and no customer in it had a new event in between. A repair is one
conditional write that fails if one of them has a newer event, so it can never undo what a command does meanwhile.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from events.pages import customers_begun
from events.store import EventStore
from operations.jobs.claims.differences import (
    REPAIRABLE,
    ClaimDifference,
    Standing,
    compare_claim,
    compare_customer,
    standing_of,
)
from operations.jobs.claims.table import NOBODY, ClaimsTable
from projections.maintenance.progress import SegmentProgress

PAGE_SIZE: Final = 500
_LOOKS: Final = 4
# For customers who change between any two looks.
_MOST_LOOKS: Final = 12
_FIRST_PAUSE_SECONDS: Final = 0.25

Differences = dict[str, ClaimDifference]
"""Differences by the id of the customer who must hold the claim, or by the claim."""


class ClaimVerifier:
    """Compares claims with events, one page at a time."""

    def __init__(self, store: EventStore, claims: ClaimsTable, pause: Callable[[float], None]) -> None:
        """
        Args:
            pause: Sleeps for a number of seconds.
        """
        self._store = store
        self._claims = claims
        self._pause = pause

    def customers_step(self, at: SegmentProgress, total_segments: int) -> tuple[SegmentProgress, list[ClaimDifference]]:
        """Compare the customers in one page of one segment of the event table with their claims.

        Args:
            at: The segment's last checkpoint.
            total_segments: The number of segments.

        Returns:
            The new checkpoint, and the differences found in this page.
        """
        page = self._store.read_page(at.segment, total_segments, at.position, PAGE_SIZE)
        histories, continued = customers_begun(page, at.position)
        standings = {
            id_: self._read(id_) if id_ == continued else standing_of(id_, records)
            for id_, records in histories.items()
        }
        found = self._confirm(standings, self._compare_customers)
        progress = at.advanced(customers=len(standings), events=len(page.records), problems=len(found))
        return replace(progress, position=page.next, done=page.next is None), found

    def claims_step(self, at: SegmentProgress, total_segments: int) -> tuple[SegmentProgress, list[ClaimDifference]]:
        """Compare the claims in one page of one segment of the claims table with their holders' events.

        Args:
            at: The segment's last checkpoint.
            total_segments: The number of segments.

        Returns:
            The new checkpoint, and the differences found in this page.
        """
        start = at.position["claim"] if at.position else None
        page = self._claims.read_page(at.segment, total_segments, start, PAGE_SIZE)
        standings = {held.claim: self._read(held.holder) for held in page.claims}
        found = self._confirm(standings, self._compare_claims)
        progress = at.advanced(customers=len(page.claims), events=0, problems=len(found))
        position = {"claim": page.next} if page.next else None
        return replace(progress, position=position, done=position is None), found

    def repair(self, difference: ClaimDifference) -> ClaimDifference | None:
        """Correct the claim, provided that nothing has changed since the difference was found.

        Returns:
            None if the claim is right now. Otherwise the difference as it is now.
        """
        for _ in range(2):
            if difference.kind not in REPAIRABLE:
                return difference
            if self._claims.move(difference.claim, difference.holder, difference.customer):
                return None
            now = self._look_again(difference)
            if now is None:
                return None
            difference = now
        return difference

    def _look_again(self, difference: ClaimDifference) -> ClaimDifference | None:
        if difference.customer:
            id_ = difference.customer.customer_id
            return self._compare_customers({id_: self._read(id_)}).get(id_)
        holder = self._claims.holders([difference.claim]).get(difference.claim)
        return compare_claim(difference.claim, self._read(holder)) if holder is not None else None

    def _confirm(
        self, standings: Mapping[str, Standing], compare: Callable[[Mapping[str, Standing]], Differences]
    ) -> list[ClaimDifference]:
        """Compare, and repeat the comparison with pauses for what differs.

        What changed between the last two looks is looked at again: if it were dropped, a claim that the next pass
        releases could leave the address of this customer free.
        """
        confirmed: list[ClaimDifference] = []
        found = compare(standings)
        for look in range(1, _MOST_LOOKS):
            if not found:
                break
            self._pause(_FIRST_PAUSE_SECONDS * 2 ** min(look - 1, _LOOKS - 2))
            standings = self._refreshed({key: standings[key] for key in found})
            previous, found = found, compare(standings)
            if look >= _LOOKS - 1:
                confirmed += [difference for key, difference in found.items() if previous[key] == difference]
                found = {key: difference for key, difference in found.items() if previous[key] != difference}
        return confirmed

    def _compare_customers(self, standings: Mapping[str, Standing]) -> Differences:
        """Compare by customer id."""
        held = self._claims.holders([standing.claim for standing in standings.values() if standing.claim])
        found: Differences = {}
        for id_, standing in standings.items():
            holder = held.get(standing.claim) if standing.claim else None
            if holder == id_:
                continue
            difference = compare_customer(standing, None if holder is None else self._read(holder))
            if difference:
                found[id_] = difference
        return found

    def _compare_claims(self, standings: Mapping[str, Standing]) -> Differences:
        """Compare by claim. A claim that another customer holds now was changed by a command, and is right."""
        suspects = {
            claim: difference
            for claim, standing in standings.items()
            if (difference := compare_claim(claim, standing)) is not None
        }
        held = self._claims.holders(suspects)
        return {
            claim: difference
            for claim, difference in suspects.items()
            if difference.holder and held.get(claim) == difference.holder.customer_id
        }

    def _refreshed(self, standings: Mapping[str, Standing]) -> dict[str, Standing]:
        """Read again those customers who have a newer event. Events never change, so the others are as they were."""
        moved = self._moved(standings.values())
        return {
            key: self._read(standing.customer.customer_id) if standing.customer.customer_id in moved else standing
            for key, standing in standings.items()
        }

    def _moved(self, standings: Iterable[Standing]) -> Collection[str]:
        customers = {standing.customer for standing in standings} - {NOBODY}
        next_versions = [(customer.customer_id, customer.version + 1) for customer in customers]
        return {customer_id for customer_id, _ in self._store.existing(next_versions)}

    def _read(self, customer_id: str) -> Standing:
        if customer_id == NOBODY.customer_id:
            return Standing(NOBODY, None)
        return standing_of(customer_id, self._store.read(customer_id))
