"""A row of the read table: one customer in one generation of the projection."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from events.customer import Customer, Erased, State
from projections.address import claim_in

# Of a generation whose record names no other number. One partition takes 1,000 write units a second (DynamoDB docs,
# "Partitions and data distribution"). Four shards keep a busy day's sign-ups from making one hot key, and a page needs
# only four queries.
LISTING_SHARDS: Final = 4
# The reason in a parked row while a redrive brings the customer back.
RETURNING: Final = "returning"


@dataclass(frozen=True)
class Listing:
    """The visible part of a row.

    Attributes:
        document: The API's answer as JSON.
        order: The position in the list; sorts by creation time, then by id.
    """

    document: str
    order: str

    @cached_property
    def address(self) -> str | None:
        """The claim on the e-mail address in the document, by which a search finds the row; None without one."""
        return claim_in(self.document)


@dataclass(frozen=True, slots=True)
class Parked:
    """Why a customer is parked: an event that no retry can fix. Later events of the customer wait behind it.

    Attributes:
        version: Of the event that cannot be projected.
        reason: Contains no personal data.
        since: When the event was first tried: RFC 3339, UTC, 27 characters.
        attempts: How often it was tried.
    """

    version: int
    reason: str
    since: str
    attempts: int

    @property
    def is_returning(self) -> bool:
        """Whether a redrive is bringing the customer back. Later events no longer wait, but the row is still listed as
        parked, so the next redrive finds it if this one dies.
        """
        return self.reason == RETURNING


@dataclass(frozen=True, slots=True)
class Row:
    """One customer as stored for reading.

    Attributes:
        generation: From 1.
        version: Of the newest event in the row; 0 for a customer who was parked at the first event.
        listing: None once the customer is erased. The row itself is kept, so that its version rejects older events.
        parked: None if the customer is not parked.
        group: In a view that counts customers: where this one is counted; None if nowhere.
        misplaced: Whether the stored row has a wrong key of an index or lacks one, so that a list or a search lacks the
            customer. Any write of the row puts it right. Known only of rows that were read by `ReadModel.get_many`.
    """

    customer_id: str
    generation: int
    version: int
    listing: Listing | None
    parked: Parked | None = None
    misplaced: bool = False
    group: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the row shows nobody: the customer is erased, or was parked at the first event."""
        return self.listing is None and self.group is None

    @property
    def attempts(self) -> int:
        """How often the parked event was tried; 0 if the customer is not parked. Parking does not change the version,
        so writers compare this number too, to notice that the row was parked or brought back since they read it.
        """
        return self.parked.attempts if self.parked else 0

    def state(self) -> State | None:
        """Return the customer's state as of this row; None if nothing was projected yet.

        Raises:
            ValidationError: The document was written by other code and does not match today's model.
        """
        if self.version == 0:
            return None
        if self.listing is None:
            return Erased(self.customer_id, self.version)
        return Customer.model_validate_json(self.listing.document)


def row_of(state: State, generation: int) -> Row:
    """Build the row for a customer's state."""
    listing = None
    if isinstance(state, Customer):
        listing = Listing(document=state.document(), order=f"{state.created_at}#{state.id}")
    return Row(state.id, generation, state.version, listing)
