"""Request headers as their standards write them."""

import pytest

from shared.http.headers import correlation_id, wait_seconds

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize(("prefer", "seconds"), [
    ("wait=5", 5), ("wait = 0", 0), ("wait\t=\t7", 7), ("wait = 3 ; x=y", 3), ('wait="4"', 4), ("WAIT=1", 1),
    ("respond-async, wait=3", 3), ('foo="a, wait=9", wait=1', 1), ("wait=1, wait=9", 1), ("wait=999999999", 10),
    ("wait=soon, wait=9", 2), ("wait, wait=9", 2), ('wait="4', 2), ("wait=-1", 2), ("wait=1.5", 2), ("await=9", 2),
    ("wait=\u0665", 2), ("wait=", 2), ("", 2), ('"' * 5_000, 2),
])  # fmt: skip
def test_the_first_preference_for_a_wait_counts(prefer: str, seconds: int) -> None:
    """RFC 7240, section 2: white space around the equals sign, quotes, and parameters after a semicolon."""
    assert wait_seconds({"prefer": prefer}) == seconds


@pytest.mark.parametrize("traceparent", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-ff", f"01-{TRACE}-{SPAN}-00",
                                         f"fe-{TRACE}-{SPAN}-00-more"])  # fmt: skip
def test_a_trace_names_the_request(traceparent: str) -> None:
    assert correlation_id({"traceparent": traceparent}, "r") == TRACE


@pytest.mark.parametrize("traceparent", [
    f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{SPAN}-01-more",
    f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN}", f"01-{TRACE}-{SPAN}-00x", f"00-{TRACE}-{SPAN}-01, 00",
    "00", "",
])  # fmt: skip
def test_an_invalid_trace_is_ignored(traceparent: str) -> None:
    """W3C Trace Context, section 3.2."""
    assert correlation_id({"traceparent": traceparent}, "r") == "r"
