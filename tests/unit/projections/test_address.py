"""The key of the index `address` in a row's item: by which address the row is found, and in which generation."""

from dataclasses import replace
from typing import Any

import pytest

from events.claims import email_claim
from events.codec import decode
from events.customer import Erased, evolve
from projections.address import address_key, claim_in
from projections.customers import CUSTOMERS
from projections.dynamodb_keys import key_of_row
from projections.dynamodb_row import content_of, key_of, present, to_row, write_units
from projections.row import Listing, Parked, Row, row_of
from tests.samples import created

EMAIL = "ada@example.com"
PARKED = Parked(version=2, reason="unknown type", since="2026-05-17T09:30:00.000000Z", attempts=1)


def row_for(email: str = EMAIL, generation: int = 2) -> Row:
    event = created("c-1", email=email)
    return row_of(evolve(None, event, decode(event)), generation)


def item_of(row: Row, shards: int = 4) -> dict[str, Any]:
    return {**key_of(row.customer_id, row.generation), **present(content_of(row, shards))}


def test_a_row_has_the_claim_on_its_address_under_the_number_of_its_generation() -> None:
    assert item_of(row_for())["address"] == {"S": f"2#{email_claim(EMAIL)}"}
    assert item_of(row_for(generation=3))["address"] == {"S": f"3#{email_claim(EMAIL)}"}
    assert EMAIL not in item_of(row_for())["address"]["S"]


@pytest.mark.parametrize("spelling", ["ADA@example.com", "ada@EXAMPLE.COM", "Ada@Example.Com"])
def test_two_spellings_of_one_mailbox_have_one_key(spelling: str) -> None:
    assert item_of(row_for(spelling))["address"] == item_of(row_for())["address"]


def test_a_parked_row_keeps_its_key_and_an_empty_one_has_none() -> None:
    assert item_of(replace(row_for(), parked=PARKED))["address"] == item_of(row_for())["address"]
    assert "address" not in item_of(row_of(Erased("c-1", 2), 2))
    assert content_of(row_of(Erased("c-1", 2), 2), 4)["address"] is None


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"email":null}', '{"email":7}', "x" * 10, "7"])
def test_a_document_without_an_address_has_no_key(document: str) -> None:
    """Such a row was written by other code. It is shown in the list, and found by no address."""
    assert claim_in(document) is None
    assert "address" not in item_of(Row("c-1", 2, 1, Listing(document, "2026#c-1")))


def test_only_customers_are_found_by_address() -> None:
    """A row of another view may show the same document."""
    other = replace(CUSTOMERS, name="other", number=7)

    assert content_of(row_for(), 4, other)["address"] is None
    item = {**key_of_row(other, "c-1", 2), **present(content_of(row_for(), 4, other))}
    assert not to_row(item, 4, other).misplaced


def changed(row: Row, **changes: str | None) -> Row:
    """Return a row as it is read, after its item's key was replaced, or removed by None."""
    item = item_of(row)
    for name, value in changes.items():
        item.pop(name, None)
        if value is not None:
            item[name] = {"S": value}
    return to_row(item, 4)


OTHER = email_claim("grace@example.com")


@pytest.mark.parametrize(
    ("row", "address", "misplaced"),
    [
        (row_for(), address_key(2, email_claim(EMAIL)), False),
        # As an earlier release wrote it.
        (row_for(), None, True),
        # As an earlier release left it, which changed the document alone.
        (row_for(), address_key(2, OTHER), True),
        (row_for(), address_key(1, email_claim(EMAIL)), True),
        (row_for(), email_claim(EMAIL), True),
        (replace(row_for(), parked=PARKED), None, True),
        (row_of(Erased("c-1", 2), 2), None, False),
        (row_of(Erased("c-1", 2), 2), address_key(2, email_claim(EMAIL)), True),
    ],
)
def test_a_missing_or_wrong_key_is_seen(row: Row, address: str | None, misplaced: bool) -> None:
    found = changed(row, address=address)

    assert found.misplaced == misplaced
    assert replace(found, misplaced=False) == row
    # Any write puts it right.
    assert content_of(found, 4) == content_of(row, 4)


def test_a_write_is_counted_with_the_index_entry() -> None:
    document = '{"email":"ada@example.com"}'
    without = Row("c-1", 2, 1, Listing("{}", "2026#c-1"))

    assert write_units(replace(without, listing=Listing(document, "2026#c-1")), 4) == write_units(without, 4) + 1
    assert write_units(row_of(Erased("c-1", 2), 2), 4) == 1
