"""Entries and requests keep the service's limits."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher import entries
from publisher.cloud_event import cloud_event, encoded
from publisher.entries import MOST_ENTRIES, SIZE_LIMIT, Entry, TooLarge, entry_of, requests
from tests.samples import METADATA, created


def test_an_entry_says_what_rules_choose_by_and_carries_the_cloud_event() -> None:
    said = cloud_event(created(), "urn:s")

    assert entry_of(said).as_request("bus") == {
        "EventBusName": "bus",
        "Source": "customers",
        "DetailType": "CustomerCreated",
        "Detail": encoded(said),
    }


def test_a_trace_goes_with_it_in_the_services_own_form() -> None:
    root = "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8"
    event = replace(created(), metadata=replace(METADATA, trace_id=root))

    assert entry_of(cloud_event(event, "urn:s")).as_request("bus")["TraceHeader"] == f"Root={root}"


def test_sizes_are_bytes_of_utf_8_and_the_time_counts() -> None:
    assert Entry("Ž", "李").size == 14 + len("customers") + 2 + 3


def test_an_event_that_cannot_be_carried_is_told_by_its_size_alone() -> None:
    fits = SIZE_LIMIT - 1 - Entry("CustomerCreated", encoded(cloud_event(created(full_name=""), "urn:s"))).size

    assert entry_of(cloud_event(created(full_name="x" * fits), "urn:s")).size == SIZE_LIMIT - 1
    with pytest.raises(TooLarge, match=f"^{SIZE_LIMIT} bytes, and an entry must have less than {SIZE_LIMIT}$"):
        entry_of(cloud_event(created(full_name="x" * (fits + 1)), "urn:s"))


@given(st.lists(st.one_of(st.integers(1, 2000), st.integers(1, SIZE_LIMIT - 1)), max_size=60))
def test_requests_keep_order_and_limits_and_are_as_full_as_order_allows(sizes: list[int]) -> None:
    cuts = list(requests(sizes))

    assert [size for cut in cuts for size in sizes[cut]] == sizes
    for cut in cuts:
        assert 1 <= len(sizes[cut]) <= MOST_ENTRIES
        assert sum(sizes[cut]) < SIZE_LIMIT
    for before, after in pairwise(cuts):
        full = len(sizes[before]) == MOST_ENTRIES
        assert full or sum(sizes[before]) + sizes[after][0] >= SIZE_LIMIT


def test_a_request_stays_below_the_limit_and_does_not_reach_it() -> None:
    assert list(requests([600_000, 399_999])) == [slice(0, 2)]
    assert list(requests([600_000, 400_000])) == [slice(0, 1), slice(1, 2)]


def test_the_numbers_are_the_services() -> None:
    assert (entries.MOST_ENTRIES, entries.SIZE_LIMIT) == (10, 1_000_000)
