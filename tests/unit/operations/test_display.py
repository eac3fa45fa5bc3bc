"""How the progress of a long job is shown."""

import io
import json
from dataclasses import replace

from operations.display import clock_time, display, figures
from operations.jobs.meter import Meter
from operations.output import Output
from projections.maintenance.progress import Progress, SegmentProgress
from tests.unit.operations.stack import Clock


def at(events: int, *, done: bool = False, expected: int = 1000) -> Progress:
    return Progress([SegmentProgress(0, customers=events, events=events, done=done)], expected)


def test_the_speed_counts_only_the_work_of_this_process() -> None:
    clock = Clock()
    meter = Meter(clock, at(500))
    clock.pause(10)

    reading = meter.read(at(600))

    assert (reading.events_a_second, reading.seconds_left, reading.percent) == (10.0, 40.0, 60.0)


def test_a_job_without_progress_for_half_a_minute_is_stalled() -> None:
    clock = Clock()
    meter = Meter(clock, at(0))
    clock.pause(29)
    assert not meter.read(at(0)).stalled
    clock.pause(1)
    assert meter.read(at(0)).stalled
    assert "STALLED" in figures(meter.read(at(0)))
    assert not meter.read(at(1)).stalled


def test_a_job_that_is_done_is_never_stalled_and_has_no_time_left() -> None:
    clock = Clock()
    meter = Meter(clock, at(0))
    clock.pause(60)

    reading = meter.read(at(900, done=True))

    assert (reading.stalled, reading.seconds_left, reading.percent) == (False, 0.0, 100.0)


def test_json_output_has_one_line_for_each_reading() -> None:
    to = io.StringIO()
    reading = Meter(Clock(), at(0)).read(at(500))
    with display("Filling", as_json=True, to=to) as shown:
        shown.show(reading)
        shown.show(reading)

    lines = [json.loads(line) for line in to.getvalue().splitlines()]
    assert [(line["work"], line["percent"]) for line in lines] == [("Filling", 50.0)] * 2


def test_plain_output_has_a_line_every_ten_readings() -> None:
    to = io.StringIO()
    reading = Meter(Clock(), at(0)).read(at(500))
    with display("Filling", as_json=False, to=to) as shown:
        for _ in range(20):
            shown.show(reading)
        shown.show(replace(reading, done=True))

    assert len(to.getvalue().splitlines()) == 3


def test_a_duration_is_shown_in_hours_minutes_and_seconds() -> None:
    assert clock_time(59.9) == "0:00:59"


def test_headings_are_printed_once() -> None:
    to = io.StringIO()
    output = Output(to=to)
    for number in range(2):
        output.print_row({"customer_id": len("customer_id"), "kind": 4}, {"customer_id": str(number), "kind": None})

    assert to.getvalue().splitlines() == ["CUSTOMER ID  KIND", "0", "1"]
