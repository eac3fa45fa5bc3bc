"""Every customer reaches every consumer. The delay is printed, not judged."""

import json
from collections.abc import Callable

from benchmarks.downstream import measure, percentile
from local.outputs import Outputs


def test_all_consumers_complete(outputs: Outputs, record_property: Callable[[str, object], None]) -> None:
    figures = measure(outputs, customers=80, writers=8)

    assert {consumer: len(lags) for consumer, lags in figures.lags.items()} == {"projection": 80, "welcome": 80}
    assert all(lag > 0 for lags in figures.lags.values() for lag in lags)
    record_property("figures", json.dumps(figures.summary()))


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(1, 201)]

    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (100, 198, 200)
    assert percentile([7.0], 99) == 7
