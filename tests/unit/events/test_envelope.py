"""The annotations by which an event is found in X-Ray."""

from events.envelope import trace_annotations
from shared.runtime.ids import fingerprint


def test_the_annotations_have_the_names_that_the_metrics_page_searches_by() -> None:
    assert trace_annotations("c-1", 3, "CustomerUpdated") == {
        "customer": fingerprint("c-1"),
        "version": 3,
        "event_type": "CustomerUpdated",
    }
