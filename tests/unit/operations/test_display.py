"""What is shown of a long work."""

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


def test_the_speed_is_this_process_s_own() -> None:
    clock = Clock()
    meter = Meter(clock, at(500))
    clock.pause(10)

    reading = meter.read(at(600))

    assert (reading.events_a_second, reading.seconds_left, reading.percent) == (10.0, 40.0, 60.0)


def test_a_work_that_does_not_move_for_half_a_minute_is_called_stalled() -> None:
    clock = Clock()
    meter = Meter(clock, at(0))
    clock.pause(29)
    assert not meter.read(at(0)).stalled
    clock.pause(1)
    assert meter.read(at(0)).stalled
    assert "STALLED" in figures(meter.read(at(0)))
    assert not meter.read(at(1)).stalled


def test_what_is_done_is_never_stalled_and_has_nothing_left() -> None:
    clock = Clock()
    meter = Meter(clock, at(0))
    clock.pause(60)

    reading = meter.read(at(900, done=True))

    assert (reading.stalled, reading.seconds_left, reading.percent) == (False, 0.0, 100.0)


def test_programs_get_one_json_line_for_each_look() -> None:
    to = io.StringIO()
    reading = Meter(Clock(), at(0)).read(at(500))
    with display("Filling", as_json=True, to=to) as shown:
        shown.show(reading)
        shown.show(reading)

    lines = [json.loads(line) for line in to.getvalue().splitlines()]
    assert [(line["work"], line["percent"]) for line in lines] == [("Filling", 50.0)] * 2


def test_a_log_gets_a_line_now_and_then() -> None:
    to = io.StringIO()
    reading = Meter(Clock(), at(0)).read(at(500))
    with display("Filling", as_json=False, to=to) as shown:
        for _ in range(20):
            shown.show(reading)
        shown.show(replace(reading, done=True))

    assert len(to.getvalue().splitlines()) == 3


def test_a_long_time_is_readable() -> None:
    assert clock_time(59.9) == "0:00:59"


def test_rows_have_headings_once() -> None:
    to = io.StringIO()
    output = Output(to=to)
    for number in range(2):
        output.row({"customer_id": len("customer_id"), "kind": 4}, {"customer_id": str(number), "kind": None})

    assert to.getvalue().splitlines() == ["CUSTOMER ID  KIND", "0", "1"]
