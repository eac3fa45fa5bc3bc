"""Claims of earlier releases are replaced without a moment in which an address is free."""

import pytest

from events.claims import ClaimChange, ClaimTaken, claims_of, earlier_email_claim, email_claim, move_claim
from tests.samples import created, erased
from tests.unit.operations.stack import FakeStack

SHARP, DOUBLE, UMLAUT = "ada@fa\u00df.de", "ada@fass.de", "ada@b\u00fccher.example"


@pytest.fixture
def stack() -> FakeStack:
    """A stack whose customers an earlier release created."""
    stack = FakeStack()
    for customer_id, email in (("sharp", SHARP), ("umlaut", UMLAUT), ("ascii", "ada@example.com")):
        register_as_before(stack, customer_id, email)
    return stack


def register_as_before(stack: FakeStack, customer_id: str, email: str) -> None:
    stack.store.append(created(customer_id, email=email), ClaimChange(take=(earlier_email_claim(email),)))


def register(stack: FakeStack, customer_id: str, email: str) -> None:
    stack.store.append(created(customer_id, email=email), move_claim(None, email))


def test_before_the_deployment_both_releases_find_the_address_taken(stack: FakeStack) -> None:
    assert stack.run("verify", "claims", "--take-missing") == 0

    assert all(stack.store.claims[claim] == "umlaut" for claim in claims_of(UMLAUT))
    with pytest.raises(ClaimTaken):
        register(stack, "another", UMLAUT)
    with pytest.raises(ClaimTaken):
        register(stack, "another", "ada@xn--bcher-kva.example")
    with pytest.raises(ClaimTaken):
        register_as_before(stack, "another", UMLAUT)


def test_after_the_deployment_the_earlier_claims_are_released(stack: FakeStack) -> None:
    assert stack.run("verify", "claims", "--take-missing") == 0
    with pytest.raises(ClaimTaken):
        register(stack, "double", DOUBLE)

    assert stack.run("verify", "claims", "--repair") == 0

    register(stack, "double", DOUBLE)
    assert stack.store.claims == {
        email_claim(SHARP): "sharp",
        email_claim(UMLAUT): "umlaut",
        email_claim("ada@example.com"): "ascii",
        email_claim(DOUBLE): "double",
    }
    assert stack.run("verify", "claims") == 0


def test_two_customers_who_turn_out_to_share_a_mailbox_are_left_to_a_person(stack: FakeStack) -> None:
    register_as_before(stack, "punycode", "ada@xn--bcher-kva.example")

    assert stack.run("verify", "claims", "--take-missing") == 1

    assert "1 shared" in stack.printed
    assert "punycode" in stack.printed
    assert "umlaut" in stack.printed


def test_taking_missing_claims_moves_and_releases_none(stack: FakeStack) -> None:
    stack.store.claims[email_claim(DOUBLE + ".example")] = "sharp"
    stack.store.claims[email_claim("ada@example.com")] = "sharp"
    before = dict(stack.store.claims)

    assert stack.run("verify", "claims", "--take-missing") == 1

    assert before.items() <= stack.store.claims.items()


def test_an_erased_customer_leaves_no_claim_of_either_form(stack: FakeStack) -> None:
    stack.run("verify", "claims", "--take-missing")
    stack.store.append(erased("umlaut", 2), move_claim(UMLAUT, None), [1])

    assert "umlaut" not in stack.store.claims.values()
