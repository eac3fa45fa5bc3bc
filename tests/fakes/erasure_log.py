"""The log of erasures in memory."""

from collections.abc import Collection

from events.erasures import ErasureLogPage
from tests.fakes.event_store import InMemoryEventStore


class InMemoryErasureLog:
    """The log that a store in memory keeps; see `events.erasures.ErasureLog`."""

    def __init__(self, store: InMemoryEventStore) -> None:
        self._store = store

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: str | None = None, limit: int = 500
    ) -> ErasureLogPage:
        ids = sorted(self._store.logged)[segment::total_segments]
        rest = [each for each in ids if start is None or each > start]
        return ErasureLogPage(rest[:limit], rest[limit - 1] if len(rest) > limit else None)

    def missing(self, customer_ids: Collection[str]) -> set[str]:
        return set(customer_ids) - self._store.logged

    def add(self, customer_id: str) -> None:
        self._store.logged.add(customer_id)
