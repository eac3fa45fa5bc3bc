"""What is known of a history: whether it is erased, what is left over, and why it cannot be folded."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from events.codec import REDACTED, NewerEvent, UnreadableEvent
from events.customer import Erased
from events.envelope import Event, Recorded, Unreadable
from events.history import (
    BrokenHistory,
    fold,
    fold_or_report,
    is_left_over,
    readable,
    require_folded,
    sealed,
    unredacted,
)
from tests.samples import METADATA, created, erased, history, updated

BAD_ROW = Unreadable("c-1", 2, "the row is not an event: KeyError", data="secret")
END = erased("c-1", 4)


def redacted(event: Event, request_hash: str = "") -> Event:
    return replace(event, data=REDACTED, metadata=replace(METADATA, request_hash=request_hash))


@pytest.mark.parametrize("records", [[], history("c-1", 2), [created("c-1"), BAD_ROW]])
def test_the_records_of_a_customer_who_is_not_erased_are_not_sealed(records: Sequence[Recorded]) -> None:
    assert sealed(iter(records)) == records
    assert not any(record.is_sealed for record in sealed(records))


@pytest.mark.parametrize("erased_", [True, False])
def test_the_records_of_an_erased_customer_are_sealed_unless_nothing_is_to_be_withheld(erased_: bool) -> None:
    records: list[Recorded] = [created("c-1"), BAD_ROW, redacted(updated("c-1", 3))]
    records += [] if erased_ else [END]

    seen = sealed(records, erased=erased_)

    assert [record.data for record in seen] == [REDACTED] * 3 + [END.data] * (not erased_)
    assert [record.is_sealed for record in seen] == [True, True, False] + [False] * (not erased_)


@pytest.mark.parametrize(
    ("record", "is_left"),
    [
        (END, False),
        (replace(END, metadata=replace(METADATA, request_hash="hash")), False),
        (created("c-1"), True),
        (redacted(created("c-1")), False),
        (redacted(created("c-1"), "hash"), True),
        (replace(redacted(created("c-1")), is_sealed=True), True),
        (BAD_ROW, True),
        (replace(BAD_ROW, data=REDACTED), False),
        (replace(BAD_ROW, data=REDACTED, has_hash=True), True),
        (replace(BAD_ROW, data=REDACTED, is_sealed=True), True),
    ],
)
def test_a_row_is_left_over_while_it_has_data_or_a_hash(record: Recorded, is_left: bool) -> None:
    assert is_left_over(record) == is_left


def test_the_versions_that_are_left_are_those_of_an_erased_customer() -> None:
    records: list[Recorded] = [created("c-1"), BAD_ROW, redacted(updated("c-1", 3)), END]

    assert unredacted(iter(records)) == [1, 2]
    assert unredacted(iter(records[:-1])) == []


def test_a_row_that_is_not_an_event_is_refused_with_its_key_and_its_reason() -> None:
    with pytest.raises(UnreadableEvent) as raised:
        readable(BAD_ROW)

    assert str(raised.value) == "c-1 version 2: the row is not an event: KeyError"
    assert readable(END) is END


def test_a_fold_continues_from_a_state() -> None:
    first, second = history("c-1", 2)

    assert fold([second], fold([first])) == fold([first, second])
    assert fold([], fold([first])) == fold([first])
    assert fold([]) is None


def test_what_is_known_of_a_broken_history_is_enough_to_erase_it() -> None:
    records: list[Recorded] = [
        created("c-1", email="first@example.com"),
        replace(updated("c-1", 2, email="second@example.com"), type="CustomerMoved"),
        updated("c-1", 3, email="first@example.com"),
        Unreadable("c-1", 4, "odd", data='{"email":"fourth@example.com"}'),
        Unreadable("c-1", 7, "odd"),
    ]

    broken = fold_or_report(records)

    assert isinstance(broken, BrokenHistory)
    assert (broken.id, broken.versions, broken.version) == ("c-1", (1, 2, 3, 4, 7), 7)
    assert broken.emails == ("fourth@example.com", "first@example.com", "second@example.com")
    with pytest.raises(NewerEvent, match="c-1 version 2: unknown type"):
        require_folded(broken)


@pytest.mark.parametrize(
    "data", ["", "{", "[]", "{}", '{"email":7}', '{"email":null}', "7", pytest.param("[" * 100_000, id="deep")]
)
def test_data_without_an_address_has_none(data: str) -> None:
    broken = fold_or_report([replace(BAD_ROW, data=data)])

    assert isinstance(broken, BrokenHistory)
    assert broken.emails == ()


def test_a_history_that_can_be_folded_is_its_state() -> None:
    assert require_folded(Erased("c-1", 4)) == Erased("c-1", 4)
    assert fold_or_report([*history("c-1", 3), END]) == Erased("c-1", 4)
    assert fold_or_report([]) is None
