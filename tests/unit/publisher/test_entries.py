"""Entries and requests stay within EventBridge's limits."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher import entries
from publisher.cloud_event import cloud_event, to_json
from publisher.entries import MAX_ENTRIES, SIZE_LIMIT, Entry, TooLarge, split_into_requests, to_entry
from tests.samples import METADATA, created


def test_an_entry_has_what_rules_match_on_and_carries_the_cloud_event() -> None:
    event = cloud_event(created(), "urn:s")

    assert to_entry(event).to_request_entry("bus") == {
        "EventBusName": "bus",
        "Source": "customers",
        "DetailType": "CustomerCreated",
        "Detail": to_json(event),
    }


def test_a_trace_is_sent_in_xray_format() -> None:
    root = "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8"
    event = replace(created(), metadata=replace(METADATA, trace_id=root))

    assert to_entry(cloud_event(event, "urn:s")).to_request_entry("bus")["TraceHeader"] == f"Root={root}"


def test_a_sampled_trace_is_continued_from_the_segment_that_decided_the_event() -> None:
    root = "1-6a0a1b2c-3d4e5f60718293a4b5c6d7e8"
    event = replace(created(), metadata=replace(METADATA, trace_id=root, segment_id="53995c3f42cd8ad8"))

    assert to_entry(cloud_event(event, "urn:s")).trace_header == f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"


def test_the_size_counts_utf_8_bytes_and_the_time() -> None:
    assert Entry("Ž", "李").size == 14 + len("customers") + 2 + 3


def test_an_event_that_is_too_large_is_reported_by_its_size_only() -> None:
    fits = SIZE_LIMIT - 1 - Entry("CustomerCreated", to_json(cloud_event(created(full_name=""), "urn:s"))).size

    assert to_entry(cloud_event(created(full_name="x" * fits), "urn:s")).size == SIZE_LIMIT - 1
    with pytest.raises(
        TooLarge, match=f"^the entry has {SIZE_LIMIT} bytes, and EventBridge accepts fewer than {SIZE_LIMIT}$"
    ):
        to_entry(cloud_event(created(full_name="x" * (fits + 1)), "urn:s"))


@given(st.lists(st.one_of(st.integers(1, 2000), st.integers(1, SIZE_LIMIT - 1)), max_size=60))
def test_requests_keep_order_and_limits_and_are_as_full_as_possible(sizes: list[int]) -> None:
    requests = list(split_into_requests(sizes))

    assert [size for request in requests for size in sizes[request]] == sizes
    for request in requests:
        assert 1 <= len(sizes[request]) <= MAX_ENTRIES
        assert sum(sizes[request]) < SIZE_LIMIT
    for before, after in pairwise(requests):
        full = len(sizes[before]) == MAX_ENTRIES
        assert full or sum(sizes[before]) + sizes[after][0] >= SIZE_LIMIT


def test_a_request_stays_strictly_below_the_limit() -> None:
    assert list(split_into_requests([600_000, 399_999])) == [slice(0, 2)]
    assert list(split_into_requests([600_000, 400_000])) == [slice(0, 1), slice(1, 2)]


def test_the_sizes_of_all_entries_of_a_request_count_and_none_of_the_request_before() -> None:
    assert list(split_into_requests([400_000, 300_000, 300_000])) == [slice(0, 2), slice(2, 3)]
    assert list(split_into_requests([999_999, 600_000, 399_999])) == [slice(0, 1), slice(1, 3)]


def test_the_limits_are_those_of_the_service() -> None:
    assert (entries.MAX_ENTRIES, entries.SIZE_LIMIT) == (10, 1_000_000)
