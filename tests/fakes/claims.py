"""The claims table in memory."""

import zlib
from collections.abc import Collection

from operations.jobs.claims.table import CLAIM_PREFIX, ClaimPage, CustomerAt, HeldClaim
from tests.fakes.event_store import InMemoryEventStore


class InMemoryClaims:
    """Reads and corrects the claims of an event store; see `operations.jobs.claims.table.ClaimsTable`."""

    def __init__(self, store: InMemoryEventStore) -> None:
        self._store = store

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: str | None = None, limit: int = 500
    ) -> ClaimPage:
        keys = sorted(key for key in list(self._store.claims) if zlib.crc32(key.encode()) % total_segments == segment)
        page = [key for key in keys if start is None or key > start][:limit]
        claims = [HeldClaim(key, self._store.claims[key]) for key in page if key.startswith(CLAIM_PREFIX)]
        return ClaimPage(claims, page[-1] if page and page[-1] != keys[-1] else None)

    def holders(self, claims: Collection[str]) -> dict[str, str]:
        return {claim: self._store.claims[claim] for claim in claims if claim in self._store.claims}

    def move(self, claim: str, holder: CustomerAt | None, to: CustomerAt | None) -> bool:
        held_by = self._store.claims.get(claim)
        has_newer = self._store.existing([(at.customer_id, at.version + 1) for at in (holder, to) if at])
        if has_newer or held_by != (holder.customer_id if holder else None):
            return False
        self._store.claims.pop(claim, None)
        if to:
            self._store.claims[claim] = to.customer_id
        return True
