"""`verify claims`: each kind of difference is found, normal traffic is not reported, and a repair is always certain."""

import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from events.claims import ClaimChange, ClaimTaken, email_claim
from events.envelope import Unreadable
from events.store import EventPage
from operations.jobs.claims import verifier as claim_verifier
from operations.jobs.claims.differences import ClaimDifference, ClaimDifferenceKind, standing_of
from operations.jobs.claims.table import NOBODY, ClaimPage, CustomerAt, HeldClaim
from operations.jobs.claims.verifier import ClaimVerifier
from projections.maintenance.progress import SegmentProgress
from tests.fakes.claims import InMemoryClaims
from tests.samples import PERSON, created, erased, updated
from tests.unit.operations.stack import FakeStack

ADA, BOB = email_claim("ada@example.com"), email_claim("bob@example.com")
Kind = ClaimDifferenceKind


@pytest.fixture
def stack() -> FakeStack:
    return FakeStack()


def create(stack: FakeStack, customer_id: str, email: str) -> None:
    stack.store.append(created(customer_id, email=email), ClaimChange(take=(email_claim(email),)))


def change(stack: FakeStack, customer_id: str, version: int, before: str, after: str) -> None:
    """Change the address as the command does."""
    claims = ClaimChange(take=(email_claim(after),), release=(email_claim(before),))
    stack.store.append(updated(customer_id, version, email=after), claims)


def erase(stack: FakeStack, customer_id: str, version: int, email: str) -> None:
    stack.store.append(erased(customer_id, version), ClaimChange(release=(email_claim(email),)), range(1, version))


def lost(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    del stack.store.claims[ADA]


def of_another(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    create(stack, "b", "bob@example.com")
    stack.store.claims[ADA] = "b"


def of_an_erased_customer(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    erase(stack, "a", 2, "ada@example.com")
    stack.store.claims[ADA] = "a"


def of_a_customer_without_events(stack: FakeStack) -> None:
    stack.store.claims[ADA] = "a"


def of_no_customer(stack: FakeStack) -> None:
    stack.store.claims[ADA] = NOBODY.customer_id


def of_an_earlier_address(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    change(stack, "a", 2, "ada@example.com", "bob@example.com")
    stack.store.claims[ADA] = "a"


def of_an_erased_customer_though_needed(stack: FakeStack) -> None:
    of_an_erased_customer(stack)
    stack.store.append(created("b"))


def two_with_one_address(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    stack.store.append(created("b", email="ADA@example.com"))


def unreadable(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    stack.store.broken["a", 1] = Unreadable("a", 1, "the row is not an event: KeyError", '{"email":"ada@example.com"}')


def unreadable_holder(stack: FakeStack) -> None:
    unreadable(stack)
    stack.store.append(created("b"))


A, B = CustomerAt("a", 1), CustomerAt("b", 1)
Case = Callable[[FakeStack], None]
REPAIRED: list[tuple[Case, list[ClaimDifference], dict[str, str]]] = [
    (lost, [ClaimDifference(Kind.MISSING, ADA, A, None)], {ADA: "a"}),
    (
        of_another,
        [ClaimDifference(Kind.FOREIGN, ADA, A, B), ClaimDifference(Kind.STALE, ADA, None, B)],
        {ADA: "a", BOB: "b"},
    ),
    (of_an_erased_customer, [ClaimDifference(Kind.ORPHAN, ADA, None, CustomerAt("a", 2))], {}),
    (of_a_customer_without_events, [ClaimDifference(Kind.ORPHAN, ADA, None, CustomerAt("a", 0))], {}),
    (of_no_customer, [ClaimDifference(Kind.ORPHAN, ADA, None, NOBODY)], {}),
    (of_an_earlier_address, [ClaimDifference(Kind.STALE, ADA, None, CustomerAt("a", 2))], {BOB: "a"}),
    (
        of_an_erased_customer_though_needed,
        [
            ClaimDifference(Kind.FOREIGN, ADA, B, CustomerAt("a", 2)),
            ClaimDifference(Kind.ORPHAN, ADA, None, CustomerAt("a", 2)),
        ],
        {ADA: "b"},
    ),
]
REFUSED: list[tuple[Case, list[ClaimDifference]]] = [
    (two_with_one_address, [ClaimDifference(Kind.SHARED, ADA, B, A)]),
    (unreadable, [ClaimDifference(Kind.UNREADABLE, "", A, None)]),
    (
        unreadable_holder,
        [ClaimDifference(Kind.UNREADABLE, "", A, None), ClaimDifference(Kind.UNREADABLE, ADA, B, A)],
    ),
]


def found(verifier: ClaimVerifier, segments: int = 1, *, repair: bool = False) -> list[ClaimDifference]:
    """Return everything that a whole comparison finds."""
    differences = []
    for step in (verifier.customers_step, verifier.claims_step):
        for segment in range(segments):
            at = SegmentProgress(segment)
            while not at.done:
                at, more = step(at, segments)
                differences += [left for each in more if (left := verifier.repair(each) if repair else each)]
    return differences


@pytest.mark.parametrize(("case", "expected", "_"), REPAIRED, ids=[case[0].__name__ for case in REPAIRED])
def test_a_certain_difference_is_named_and_repaired(
    stack: FakeStack, case: Case, expected: list[ClaimDifference], _: dict[str, str]
) -> None:
    case(stack)
    create(stack, "n", "neighbour@example.com")
    repaired = {**_, email_claim("neighbour@example.com"): "n"}

    assert found(stack.stack.claim_verifier) == expected

    assert stack.run("verify", "claims") == 1
    assert stack.run("verify", "claims", "--repair") == 0
    assert stack.store.claims == repaired
    assert stack.run("verify", "claims") == 0
    assert "no difference" in stack.printed


@pytest.mark.parametrize(("case", "expected"), REFUSED, ids=[case[0].__name__ for case in REFUSED])
def test_an_uncertain_difference_is_named_and_left_alone(
    stack: FakeStack, case: Case, expected: list[ClaimDifference]
) -> None:
    case(stack)
    before = dict(stack.store.claims)

    assert found(stack.stack.claim_verifier) == expected

    assert stack.run("verify", "claims", "--repair") == 1
    assert stack.store.claims == before


def test_without_differences_nothing_waits(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    create(stack, "b", "bob@example.com")
    change(stack, "b", 2, "bob@example.com", "bobby@example.com")
    erase(stack, "a", 2, "ada@example.com")

    assert stack.run("verify", "claims") == 0
    assert stack.clock.waits == []


def test_the_unreadable_address_of_an_erased_customer_is_freed(stack: FakeStack) -> None:
    """An erasure that cannot read the current address leaves its claim."""
    create(stack, "a", "ada@example.com")
    event = stack.store.events["a", 1]
    stack.store.events["a", 1] = replace(event, type="CustomerVanished", data="not JSON")
    stack.store.append(erased("a", 2), redact=[1])

    assert stack.run("verify", "claims", "--repair") == 0
    assert stack.store.claims == {}


def test_items_that_are_not_claims_are_left_alone(stack: FakeStack) -> None:
    stack.store.claims["erasing#a"] = "a"

    assert stack.run("verify", "claims", "--repair") == 0
    assert stack.store.claims == {"erasing#a": "a"}


def test_differences_are_printed_without_addresses_and_claims(stack: FakeStack) -> None:
    of_an_erased_customer_though_needed(stack)
    two_with_one_address(FakeStack())

    for words in (["verify", "claims"], ["verify", "claims", "--json"]):
        assert stack.run(*words) == 1
        for text in (*PERSON.values(), ADA, ADA.removeprefix("email#")):
            assert text not in stack.printed


def test_json_has_each_difference_and_a_summary(stack: FakeStack) -> None:
    two_with_one_address(stack)

    assert stack.run("verify", "claims", "--json", "--repair") == 1
    lines = [json.loads(line) for line in stack.printed.splitlines()]
    assert {"kind": "shared", "customer_id": "b", "holder": "a", "repaired": False} in lines
    assert lines[-1] == {"customers": 2, "claims": 1, "left": {"shared": 1}, "repaired": 0}


def test_a_shared_address_asks_for_a_decision(stack: FakeStack) -> None:
    two_with_one_address(stack)

    assert stack.run("verify", "claims") == 1
    assert "1 shared" in stack.printed
    assert "need a decision" in stack.printed


def test_a_claim_that_two_customers_lack_is_taken_for_one_and_shown_as_shared(stack: FakeStack) -> None:
    two_with_one_address(stack)
    stack.store.claims.clear()

    assert stack.run("verify", "claims", "--repair") == 1
    assert "1 shared. 1 repaired." in stack.printed
    assert stack.store.claims in ({ADA: "a"}, {ADA: "b"})


def test_a_new_form_of_claims_is_introduced_by_a_repair(stack: FakeStack) -> None:
    """After a change of `email_claim`, the old claims are stale and the new ones missing."""
    create(stack, "a", "ada@example.com")
    create(stack, "b", "bob@example.com")
    stack.store.claims = {"email#old-a": "a", "email#old-b": "b"}

    assert stack.run("verify", "claims", "--repair") == 0
    assert stack.store.claims == {ADA: "a", BOB: "b"}


def test_an_option_before_claims_is_refused(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        stack.run("verify", "--repair", "claims")

    assert refused.value.code == 2
    assert "claims" in capsys.readouterr().err


# Pages and segments.


@pytest.mark.parametrize("page", [1, 2, 3, 500])
@pytest.mark.parametrize("segments", [1, 3])
def test_a_customer_on_many_pages_is_compared_once(
    stack: FakeStack, monkeypatch: pytest.MonkeyPatch, page: int, segments: int
) -> None:
    monkeypatch.setattr(claim_verifier, "PAGE_SIZE", page)
    for customer_id, email in (("a", "ada@example.com"), ("b", "bob@example.com"), ("c", "cy@example.com")):
        create(stack, customer_id, email)
        for version in range(2, 6):
            change(stack, customer_id, version, email, email := f"{customer_id}{version}@example.com")
    stack.store.claims[ADA] = "a"
    for customer_id in "ab":
        del stack.store.claims[email_claim(f"{customer_id}5@example.com")]

    assert sorted(found(stack.stack.claim_verifier, segments), key=lambda each: (each.kind, str(each.customer))) == [
        ClaimDifference(Kind.MISSING, email_claim("a5@example.com"), CustomerAt("a", 5), None),
        ClaimDifference(Kind.MISSING, email_claim("b5@example.com"), CustomerAt("b", 5), None),
        ClaimDifference(Kind.STALE, ADA, None, CustomerAt("a", 5)),
    ]


# Beside writers.


@pytest.mark.parametrize("look", [1, 2, 3])
def test_a_claim_that_becomes_right_between_looks_is_not_a_difference(stack: FakeStack, look: int) -> None:
    lost(stack)

    def take_it(seconds: float) -> None:
        stack.clock.pause(seconds)
        if len(stack.clock.waits) == look:
            stack.store.claims[ADA] = "a"

    assert found(ClaimVerifier(stack.store, InMemoryClaims(stack.store), take_it)) == []
    assert stack.clock.waits == [0.25, 0.5, 1.0][:look]


class Interleaved:
    """A store and a claims table that let a writer act before a read or write of theirs.

    Attributes:
        calls: The number of calls so far.
    """

    def __init__(self, stack: FakeStack, write: Callable[[int], None]) -> None:
        self.calls = 0
        self._write = write
        self.store: Any = SimpleNamespace(**self._wrapped(stack.store, "read", "existing", "read_page"))
        self.claims: Any = SimpleNamespace(**self._wrapped(InMemoryClaims(stack.store), "holders", "move", "read_page"))

    def _wrapped(self, target: object, *names: str) -> dict[str, Callable[..., Any]]:
        return {name: self._around(getattr(target, name)) for name in names}

    def _around(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.calls += 1
            self._write(self.calls)
            return method(*args)

        return call


def test_a_customer_who_changes_at_every_read_is_not_reported(stack: FakeStack) -> None:
    """In every look, the address changes between the read of the events and the read of the claims."""
    create(stack, "a", "0@example.com")

    def change_again(call: int) -> None:
        change(stack, "a", call + 1, f"{call - 1}@example.com", f"{call}@example.com")

    beside = Interleaved(stack, change_again)

    assert found(ClaimVerifier(beside.store, beside.claims, stack.clock.pause)) == []
    assert len(stack.clock.waits) >= 3


def move_away(stack: FakeStack) -> None:
    change(stack, "a", 2, "ada@example.com", "new@example.com")


def disappear(stack: FakeStack) -> None:
    erase(stack, "a", 2, "ada@example.com")


def let_another_have_it(stack: FakeStack) -> None:
    """The customer moves away, and another one takes the free address."""
    move_away(stack)
    with suppress(ClaimTaken):
        change(stack, "b", 2, "bob@example.com", "ada@example.com")


def return_to_it(stack: FakeStack) -> None:
    """The customer moves away and returns, so that the claim is right again."""
    move_away(stack)
    with suppress(ClaimTaken):
        change(stack, "a", 3, "new@example.com", "ada@example.com")


def lost_beside_a_neighbour(stack: FakeStack) -> None:
    lost(stack)
    create(stack, "b", "bob@example.com")


def keep_it(stack: FakeStack) -> None:
    """The customer changes and keeps the address."""
    stack.store.append(updated("a", 2, email="ada@example.com"))


def right_for_two(stack: FakeStack) -> None:
    create(stack, "a", "ada@example.com")
    create(stack, "b", "bob@example.com")


@pytest.mark.parametrize("write", [move_away, disappear, let_another_have_it, return_to_it, keep_it])
def test_a_writer_at_any_moment_is_not_reported(write: Case) -> None:
    for moment in range(1, 9):
        stack = FakeStack()
        right_for_two(stack)

        def write_then(call: int, moment: int = moment, stack: FakeStack = stack) -> None:
            if call == moment:
                write(stack)

        beside = Interleaved(stack, write_then)

        assert found(ClaimVerifier(beside.store, beside.claims, stack.clock.pause)) == [], moment


def test_a_customer_who_keeps_a_lost_claim_through_a_change_is_repaired(stack: FakeStack) -> None:
    """The change comes between the last look and the repair."""
    lost(stack)
    verifier = stack.stack.claim_verifier
    [difference] = found(verifier)
    keep_it(stack)

    assert verifier.repair(difference) is None
    assert stack.store.claims == {ADA: "a"}


def test_a_repair_never_takes_a_claim_from_a_customer_who_was_faster(stack: FakeStack) -> None:
    lost(stack)
    verifier = stack.stack.claim_verifier
    [difference] = found(verifier)
    create(stack, "b", "ada@example.com")

    assert verifier.repair(difference) == ClaimDifference(Kind.SHARED, ADA, A, B)
    assert stack.store.claims == {ADA: "b"}


@pytest.mark.parametrize("case", [of_an_erased_customer, of_an_earlier_address], ids=lambda case: case.__name__)
def test_a_repair_never_releases_the_claim_of_a_customer_who_was_faster(stack: FakeStack, case: Case) -> None:
    case(stack)
    verifier = stack.stack.claim_verifier
    [difference] = found(verifier)
    del stack.store.claims[ADA]
    create(stack, "n", "ada@example.com")

    assert verifier.repair(difference) is None
    assert stack.store.claims[ADA] == "n"


def held_by_mistake(stack: FakeStack) -> None:
    """Two claims that both customers may take meanwhile belong to them already."""
    create(stack, "a", "ada@example.com")
    create(stack, "b", "bob@example.com")
    stack.store.claims[email_claim("new@example.com")] = "a"


def required(stack: FakeStack) -> dict[str, str]:
    """The claims that the events require."""
    standings = [standing_of(id_, stack.store.read(id_)) for id_ in sorted({key[0] for key in stack.store.events})]
    return {standing.claim: standing.customer.customer_id for standing in standings if standing.claim}


@pytest.mark.parametrize("start", [lost_beside_a_neighbour, of_another, held_by_mistake])
@pytest.mark.parametrize("write", [move_away, disappear, let_another_have_it, return_to_it, keep_it])
def test_a_writer_at_any_moment_of_a_repair_loses_nothing(start: Case, write: Case) -> None:
    """A claim that is wrong after the repair was wrong in the same way before it, and the next repair corrects it."""
    moments, moment = 1, 0
    while moment < moments:
        moment += 1
        stack = FakeStack()
        start(stack)
        before = dict(stack.store.claims)

        def write_then(call: int, moment: int = moment, stack: FakeStack = stack) -> None:
            if call == moment:
                write(stack)

        beside = Interleaved(stack, write_then)
        found(ClaimVerifier(beside.store, beside.claims, stack.clock.pause), repair=True)
        moments = beside.calls

        after, right = stack.store.claims, required(stack)
        wrong = {claim for claim in {*after, *right} if after.get(claim) != right.get(claim)}
        assert {claim: after.get(claim) for claim in wrong} == {claim: before.get(claim) for claim in wrong}, moment
        found(stack.stack.claim_verifier, repair=True)
        assert stack.store.claims == right, moment
    assert moments > 6


class Endless:
    """Tables that make their pages when they are read and keep nothing. No customer has a claim, no claim a customer.

    Attributes:
        size: The number of customers and of claims.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.store: Any = SimpleNamespace(read_page=self.events, existing=lambda _: set(), read=lambda _: [])
        self.claims: Any = SimpleNamespace(read_page=self.held, holders=self.holders)

    def events(self, segment: int, total: int, start: Any, limit: int) -> EventPage:
        first = int(start["version"]) if start else 0
        last = min(first + limit, self.size)
        records = [created(f"c-{number}", email=f"{number}@example.com") for number in range(first, last)]
        end = {"customer_id": "", "version": str(last)}
        return EventPage(records, end if last < self.size else None)

    def held(self, segment: int, total: int, start: str | None, limit: int) -> ClaimPage:
        first = int(start or 0)
        last = min(first + limit, self.size)
        claims = [HeldClaim(f"email#{number}", f"c-{number}") for number in range(first, last)]
        return ClaimPage(claims, str(last) if last < self.size else None)

    def holders(self, claims: Any) -> dict[str, str]:
        return {claim: f"c-{claim[6:]}" for claim in claims if len(claim) < 20}


def peak_bytes(size: int) -> int:
    """The most memory that a comparison needs, in which everything differs."""
    tables = Endless(size)
    verifier = ClaimVerifier(tables.store, tables.claims, lambda _: None)
    differences = 0
    tracemalloc.start()
    for step in (verifier.customers_step, verifier.claims_step):
        at = SegmentProgress(0)
        while not at.done:
            at, more = step(at, 1)
            differences += len(more)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert differences == 2 * size
    return peak


def test_the_memory_does_not_grow_with_the_number_of_customers() -> None:
    assert peak_bytes(2_500) < 2 * peak_bytes(500)
