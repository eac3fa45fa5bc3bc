"""The read model in memory."""

from collections.abc import Callable, Iterable, Sequence

from projections.read_model import FIRST_GENERATION, Write, Written
from projections.row import Listing, Row


class InMemoryReadModel:
    """Keeps rows in a dict; see `projections.read_model.ReadModel`.

    Attributes:
        interfere: Called before each write, so that a test can be the concurrent writer.
        failing: Customers whose writes fail.
        history: Every (customer, version) that was ever written, in order.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Row] = {}
        self.interfere: Callable[[Write], None] = lambda _: None
        self.failing: set[str] = set()
        self.history: list[tuple[str, int]] = []

    def active_generation(self) -> int:
        return FIRST_GENERATION

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        return self.rows.get((customer_id, generation))

    def page(self, generation: int, limit: int, after: str | None) -> list[Listing]:
        listings = [row.listing for row in self.rows.values() if row.generation == generation and row.listing]
        listings = [listing for listing in listings if after is None or listing.order < after]
        return sorted(listings, key=lambda listing: listing.order, reverse=True)[:limit]

    def current(self, customer_ids: Iterable[str], generation: int) -> dict[str, Row]:
        return {id_: row for id_ in customer_ids if (row := self.rows.get((id_, generation)))}

    def write(self, writes: Sequence[Write]) -> list[Written]:
        return [self._write(write) for write in writes]

    def _write(self, write: Write) -> Written:
        self.interfere(write)
        row = write.row
        if row.customer_id in self.failing:
            return Written.FAILED
        stored = self.rows.get((row.customer_id, row.generation))
        if (stored.version if stored else 0) != write.replaces:
            return Written.OUTRUN
        self.rows[row.customer_id, row.generation] = row
        self.history.append((row.customer_id, row.version))
        return Written.APPLIED
