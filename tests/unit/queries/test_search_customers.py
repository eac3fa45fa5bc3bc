"""Finding a customer by e-mail address, also while rows and index are behind."""

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from events.claims import email_claim
from events.codec import decode
from events.customer import Erased, State, evolve
from events.envelope import Event
from projections.generations import FIRST_GENERATION, Generations
from projections.read_model import Reader
from projections.row import Row, row_of
from queries.read_your_writes import Clock, ReadAfter
from queries.search_customers import LONGEST_ADDRESS, VISIBLE, SearchCustomers, search_customers
from shared.http.consistency import ConsistencyToken
from shared.http.problems import NotYetReadable
from tests.fakes.read_model import InMemoryGenerations, InMemoryReadModel, reader_over
from tests.samples import created, updated

ADA, BOB = "c-ada", "c-bob"
OLD, NEW = "old@example.com", "new@example.com"
STILL = Clock(now=lambda: 0.0, sleep=lambda _: None)


class LaggingReadModel(InMemoryReadModel):
    """A read model whose index has what a test says; by default, what the rows show.

    Attributes:
        index: The ids under each claim.
        reads: Each single read: the customer, and whether it was consistent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.index: dict[str, list[str]] | None = None
        self.reads: list[tuple[str, bool]] = []

    def ids_by_address(self, claim: str, generation: int) -> list[str]:
        found = super().ids_by_address(claim, generation)
        return found if self.index is None else self.index.get(claim, [])

    def get(self, customer_id: str, generation: int, *, consistent: bool = False) -> Row | None:
        self.reads.append((customer_id, consistent))
        return super().get(customer_id, generation, consistent=consistent)


@pytest.fixture
def rows() -> LaggingReadModel:
    return LaggingReadModel()


def state_of(*events: Event) -> State:
    state: State | None = None
    for event in events:
        state = evolve(state, event, decode(event))
    assert state
    return state


def show(rows: InMemoryReadModel, state: State, generation: int = FIRST_GENERATION) -> None:
    rows.stored[state.id, generation] = row_of(state, generation)


def search(rows: InMemoryReadModel, email: str, awaited: tuple[str, int] | None = None) -> list[dict[str, Any]]:
    read_after = ReadAfter(ConsistencyToken(*awaited), 0) if awaited else None
    page = search_customers(SearchCustomers(email=email), reader_over(rows), read_after, STILL)
    answer = json.loads(page.document)
    assert answer.pop("next_cursor", "absent") is None
    assert list(answer) == ["customers"]
    assert page.ids == [found["id"] for found in answer["customers"]]
    found: list[dict[str, Any]] = answer["customers"]
    return found


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [customer["id"] for customer in found]


def test_the_customer_is_found_as_they_are_stored(rows: LaggingReadModel) -> None:
    state = state_of(created(ADA, email=OLD))
    show(rows, state)
    show(rows, state_of(created(BOB, email=NEW)))

    [found] = search(rows, OLD)

    assert json.dumps(found, separators=(",", ":")) == row_of(state, 1).listing.document  # type: ignore[union-attr]


def test_nobody_is_an_empty_page(rows: LaggingReadModel) -> None:
    show(rows, state_of(created(ADA, email=OLD)))

    assert search(rows, NEW) == []
    assert search(rows, "old@example.co") == []


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Ada@Example.com", "ada@example.COM"),
        ("ada@example.com", "  ada@example.com\n"),
        ("jürgen@bücher.example", "JU\u0308RGEN@xn--bcher-kva.example"),
        # Refused today, accepted by an earlier release.
        ("ada(office)@example.com", "ADA(office)@example.com"),
        ("no at sign", "No At Sign"),
    ],
)
def test_addresses_are_compared_as_claims_are(rows: LaggingReadModel, stored: str, asked: str) -> None:
    show(rows, state_of(created(ADA, email=stored)))

    assert email_claim(stored) == email_claim(asked.strip())
    assert ids(search(rows, asked)) == [ADA]


@pytest.mark.parametrize("email", ["", "  ", "\u00a0", "x" * (LONGEST_ADDRESS + 1), None, 7, ["a@example.com"]])
def test_only_a_text_of_sane_length_is_accepted(email: object) -> None:
    with pytest.raises(ValidationError) as refused:
        SearchCustomers.model_validate_json(json.dumps({"email": email}))

    assert [error["loc"] for error in refused.value.errors()] == [("email",)]


@pytest.mark.parametrize("email", ["x" * LONGEST_ADDRESS, f" {'x' * LONGEST_ADDRESS} "])
def test_the_length_is_that_of_the_trimmed_text(email: str) -> None:
    assert len(SearchCustomers(email=email).email) == LONGEST_ADDRESS


def test_the_published_pattern_is_what_is_accepted() -> None:
    assert [chr(n) for n in range(0x110000) if not re.search(VISIBLE, chr(n))] == [
        chr(n) for n in range(0x110000) if not chr(n).strip()
    ]


def test_an_old_address_finds_nobody_although_the_index_still_has_it(rows: LaggingReadModel) -> None:
    show(rows, state_of(created(ADA, email=OLD), updated(ADA, 2, email=NEW)))
    rows.index = {email_claim(OLD): [ADA], email_claim(NEW): [ADA]}

    assert search(rows, OLD) == []
    assert ids(search(rows, NEW)) == [ADA]


def test_an_erased_customer_is_not_found_although_the_index_still_has_them(rows: LaggingReadModel) -> None:
    show(rows, Erased(ADA, 2))
    rows.index = {email_claim(OLD): [ADA]}

    assert search(rows, OLD) == []
    assert search(rows, OLD, (ADA, 2)) == []


def test_a_row_that_is_gone_is_not_found(rows: LaggingReadModel) -> None:
    rows.index = {email_claim(OLD): [ADA]}

    assert search(rows, OLD) == []


def test_an_address_that_changed_hands_finds_its_new_holder_only(rows: LaggingReadModel) -> None:
    """The index still has the one who gave it up, and whose row has changed since."""
    show(rows, state_of(created(ADA, email=OLD), *(updated(ADA, version, email=NEW) for version in (2, 3, 4))))
    show(rows, state_of(created(BOB, second=3, email=OLD)))
    for listed in ([ADA, BOB], [BOB, ADA]):
        rows.index = {email_claim(OLD): listed}
        assert ids(search(rows, OLD)) == [BOB]


@pytest.mark.parametrize("listed", [[ADA, BOB], [BOB, ADA]])
def test_of_two_rows_with_one_address_the_later_one_is_right(rows: LaggingReadModel, listed: list[str]) -> None:
    """The row of the one who gave the address up is behind: their update is not projected yet."""
    show(rows, state_of(created(ADA, second=1, email=OLD)))
    show(rows, state_of(created(BOB, second=3, email=OLD)))
    rows.index = {email_claim(OLD): listed}

    assert ids(search(rows, OLD)) == [BOB]


class TestWithAToken:
    def test_a_write_is_found_before_the_index_has_it(self, rows: LaggingReadModel) -> None:
        show(rows, state_of(created(ADA, email=OLD), updated(ADA, 2, email=NEW)))
        rows.index = {email_claim(OLD): [ADA]}

        assert ids(search(rows, NEW, (ADA, 2))) == [ADA]
        assert search(rows, OLD, (ADA, 2)) == []

    def test_a_write_that_is_not_projected_in_time_is_an_error_and_never_a_false_answer(
        self, rows: LaggingReadModel
    ) -> None:
        show(rows, state_of(created(ADA, email=OLD)))

        for email in (OLD, NEW):
            with pytest.raises(NotYetReadable):
                search(rows, email, (ADA, 2))

    def test_the_token_of_another_customer_changes_nothing_else(self, rows: LaggingReadModel) -> None:
        show(rows, state_of(created(ADA, email=OLD)))
        show(rows, state_of(created(BOB, email=NEW)))

        assert ids(search(rows, OLD, (BOB, 1))) == [ADA]

    def test_the_awaited_customer_gives_way_to_the_one_who_took_the_address_later(self, rows: LaggingReadModel) -> None:
        show(rows, state_of(created(ADA, second=1, email=OLD)))
        show(rows, state_of(created(BOB, second=3, email=OLD)))

        assert ids(search(rows, OLD, (ADA, 1))) == [BOB]

    def test_rows_are_read_consistently_and_once(self, rows: LaggingReadModel) -> None:
        show(rows, state_of(created(ADA, email=OLD)))
        show(rows, state_of(created(BOB, email=NEW)))

        search(rows, OLD)
        search(rows, OLD, (ADA, 1))
        search(rows, OLD, (BOB, 1))

        assert rows.reads == [(ADA, False), (ADA, True), (BOB, True), (ADA, True)]


def test_the_active_generation_is_searched(rows: LaggingReadModel) -> None:
    show(rows, state_of(created(ADA, email=OLD)), generation=1)
    show(rows, state_of(created(ADA, email=OLD), updated(ADA, 2, email=NEW)), generation=2)
    generations = InMemoryGenerations()
    generations.saved = Generations(active=2, previous=1, newest=2)

    def found(email: str) -> list[str]:
        page = search_customers(SearchCustomers(email=email), Reader(rows, generations), None, STILL)
        return list(page.ids)

    assert (found(OLD), found(NEW)) == ([], [ADA])
