"""What the soak concludes from its samples and from what the clients were told."""

import pytest

from benchmarks.soak.audit import _has_consumed, _shows
from benchmarks.soak.journal import Acknowledged, Journal
from benchmarks.soak.memory import MOST_GROWTH_MEGABYTES, growth_of, lives
from consumer_kit import CustomerState
from events.history import fold
from projections.row import Row, row_of
from tests.samples import history


def test_a_process_that_warms_up_and_stays_is_flat() -> None:
    samples = [(float(second), 50.0 + min(second, 40) / 4) for second in range(0, 150, 5)]

    growth = growth_of(samples)

    assert (growth.first < growth.last, growth.growth, growth.is_flat) == (True, 0.0, True)
    assert growth.slope == pytest.approx(0.0, abs=1e-6)


def test_a_process_that_grows_to_the_end_is_not_flat() -> None:
    growth = growth_of([(float(second), 50 + second / 10) for second in range(0, 150, 5)])

    assert not growth.is_flat
    assert growth.slope == pytest.approx(360)


def test_the_lives_of_a_killed_service_are_compared() -> None:
    assert lives([50.0, 50.2, 50.1, 50.3])["flat"]
    assert not lives([50.0, 51.0, 50.0 + 2 * MOST_GROWTH_MEGABYTES, 60.0])["flat"]
    assert lives([])["flat"]


def test_versions_of_one_writer_rise_by_one() -> None:
    journal = Journal()
    journal.wrote("c-1", 1)
    journal.wrote("c-1", 2)
    assert not journal.violations

    journal.wrote("c-1", 4)
    assert journal.violations == ["c-1: version 4 was acknowledged after 2"]


def test_a_write_whose_answer_was_lost_may_count_or_not() -> None:
    for version in (2, 3):
        journal = Journal()
        journal.wrote("c-1", 1)
        journal.lost_track("c-1")
        journal.wrote("c-1", version)
        assert not journal.violations


def test_what_counts_as_projected() -> None:
    state = fold(history("c-1", 2))
    assert state
    row = row_of(state, 1)

    assert _shows(row, Acknowledged(2))
    assert not _shows(row, Acknowledged(3))
    assert not _shows(row, Acknowledged(2, erased=True))
    assert not _shows(None, Acknowledged(1))
    assert _shows(Row("c-1", 1, 2, None), Acknowledged(2, erased=True))


def test_what_counts_as_consumed() -> None:
    assert _has_consumed(CustomerState("c-1", 2), Acknowledged(2))
    assert not _has_consumed(CustomerState("c-1", 1), Acknowledged(2))
    assert not _has_consumed(CustomerState("c-1", 2), Acknowledged(2, erased=True))
    assert _has_consumed(CustomerState("c-1", 1, erased=True), Acknowledged(2))
