"""The rows and the counters of a view that counts customers, in memory."""

from collections import Counter
from collections.abc import Callable, Sequence

from events.envelope import Recorded
from projections.counting import GroupCount
from projections.dynamodb_count_items import fence_version
from projections.read_model import Write, WriteResult
from projections.row import Row
from tests.fakes.read_model import InMemoryReadModel


class InMemoryCountedRows(InMemoryReadModel):
    """Moves the counters with the rows; see `projections.dynamodb_counted_rows.DynamoDbCountedRows`.

    Attributes:
        counters: How many customers each group of each generation has.
        changed_at: When each of these counts changed last.
        moves: Every (group, customers) that a write moved, in order.
    """

    def __init__(self, latest: Callable[[str], Recorded | None]) -> None:
        """
        Args:
            latest: Returns a customer's newest event.
        """
        super().__init__()
        self._latest = latest
        self.counters: Counter[tuple[int, str]] = Counter()
        self.changed_at: dict[tuple[int, str], str] = {}
        self.moves: list[tuple[str, int]] = []

    def groups(self, generation: int) -> list[GroupCount]:
        return [
            GroupCount(group, count, self.changed_at.get((number, group), ""))
            for (number, group), count in self.counters.items()
            if number == generation and count
        ]

    def counts(self, generation: int = 1) -> dict[str, int]:
        return {each.group: each.customers for each in self.groups(generation)}

    def forget(self, generation: int) -> None:
        for key in [key for key in self.counters if key[0] == generation]:
            del self.counters[key]

    def remove(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.counters.pop((row.generation, row.group or ""), None)
        super().remove(rows)

    def _write(self, write: Write) -> WriteResult:
        self.interfere(write)
        interfere, self.interfere = self.interfere, lambda _: None
        try:
            newest, version = self._latest(write.row.customer_id), fence_version(write)
            if newest and version is not None and newest.version >= version:
                return WriteResult.CONFLICT
            result = super()._write(write)
        finally:
            self.interfere = interfere
        if result is WriteResult.APPLIED:
            self._move(write)
        return result

    def _move(self, write: Write) -> None:
        before = write.replaces.group if write.replaces else None
        for group, customers in ((before, -1), (write.row.group, 1)):
            if group is not None and before != write.row.group:
                self.counters[write.row.generation, group] += customers
                self.changed_at[write.row.generation, group] = write.at
                self.moves.append((group, customers))
