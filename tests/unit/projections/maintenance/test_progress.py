"""The plan of a job and its checkpoints."""

import pytest

from projections.maintenance.progress import Plan, SegmentProgress, job_names, load_plan, plan_for, save_plan
from tests.fakes.read_model import InMemoryProgress


@pytest.mark.parametrize(
    ("events", "segments"),
    [(0, 4), (11_000, 4), (12_500, 5), (100_000, 40), (2_497_500, 999), (2_500_000, 1000), (9_000_000, 1000)],
)
def test_a_plan_has_a_segment_for_every_2500_events_within_limits(events: int, segments: int) -> None:
    assert plan_for(events) == Plan(segments, expected_events=events)


def test_a_plan_is_loaded_as_it_was_saved_and_for_its_generation_only() -> None:
    store = InMemoryProgress()
    plan = Plan(40, expected_events=100_000)

    assert save_plan(store, 2, plan) == plan
    assert load_plan(store, 2) == plan
    assert load_plan(store, 3) is None


def test_a_removal_finds_everything_that_is_stored_about_a_generation_under_these_names() -> None:
    assert job_names(2) == ("rebuild-2", "rebuild-2-plan", "verify-2", "compare-2", "compare-2-plan")


def test_the_plan_that_was_saved_first_stays() -> None:
    """Processes that split the event table differently would leave customers out."""
    store = InMemoryProgress()
    first = save_plan(store, 2, Plan(40, expected_events=100_000))

    assert save_plan(store, 2, Plan(7, expected_events=1)) == first
    assert load_plan(store, 2) == first


def test_only_a_comparison_by_the_state_machine_stores_its_id() -> None:
    """A release that does not know the field refuses it."""
    fields = {"segment": 1, "position": None, "customers": 2, "events": 3, "problems": 4, "done": True, "at": "now"}
    at = SegmentProgress(1, customers=2, events=3, problems=4, done=True, at="now")

    assert at.as_dict() == fields
    assert SegmentProgress(**{**fields, "comparison": "c-9"}).as_dict() == {**fields, "comparison": "c-9"}  # type: ignore[arg-type]


def test_progress_adds_up() -> None:
    at = SegmentProgress(1, {"id": "a"}, customers=1, events=2, problems=3, at="now")

    assert at.advanced(customers=10, events=20, problems=30) == SegmentProgress(
        1, {"id": "a"}, customers=11, events=22, problems=33, at="now"
    )
