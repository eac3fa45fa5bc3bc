"""`make logs` shows one short line for each call. The lines below are what the local AWS logs."""

import json
from collections.abc import Mapping
from itertools import count

import pytest

from local import logs
from local.calls import CallReader, clock, lines_of_trace, routes
from local.errors import StackError
from local.functions import LogLine
from local.template import load_template

REQUEST = "d62e68a0-a27f-452c-98a5-ff3f1960d501"
CUSTOMER = "0175bcf0-73ba-4eaa-a5f6-e9631939ecb1"
AT = count(1_795_835_682_000)
METRICS = '{"_aws":{"Timestamp":1795835682108,"CloudWatchMetrics":[]},"Answers2xx":[1.0]}'


def call(function: str, *logged: Mapping[str, object] | str, stream: str = "s", ends: bool = True) -> list[LogLine]:
    """The lines of one call as Lambda and the function log them."""
    own = [text if isinstance(text, str) else json.dumps(text) for text in logged]
    end = ["END RequestId: 1", "REPORT RequestId: 1\tDuration: 41.7 ms\tBilled Duration: 42 ms"] if ends else []
    texts = ["START RequestId: 1 Version: 1", *own, METRICS, *end]
    return [LogLine(next(AT), function, text, stream) for text in texts]


def shown(lines: list[LogLine], route: str = "POST /customers") -> list[list[str]]:
    reader = CallReader(logs._statuses())
    calls = [*reader.calls(lines), *reader.unfinished()]
    return [each.text(route, 16).split("  ") for each in calls]


def words(lines: list[LogLine], route: str = "POST /customers") -> list[str]:
    return [" ".join(" ".join(parts[1:]).split()) for parts in shown(lines, route)]


def test_a_request_is_one_line_with_route_status_duration_and_id() -> None:
    lines = call("CreateCustomer", {"message": "answered", "status": 201, "correlation_id": REQUEST})
    assert words(lines) == [f"CreateCustomer POST /customers 201 42 ms {REQUEST}"]
    assert shown(lines)[0][0] == clock(lines[-1].at)


def test_a_refused_request_shows_its_status_and_its_problem() -> None:
    lines = call("GetCustomer", {"message": "refused", "problem": "not-found", "correlation_id": REQUEST})
    assert words(lines, "GET /x") == [f"GetCustomer GET /x 404 not-found 42 ms {REQUEST}"]


def test_a_batch_shows_the_customer_and_how_many_more() -> None:
    one = {"message": "projected", "customer_id": CUSTOMER, "version": 1, "correlation_id": REQUEST}
    other = {"message": "projected", "customer_id": "another", "version": 7, "correlation_id": "other"}
    lines = call("ProjectCustomers", one, other, {"message": "batch", "EventsProjected": 2})
    assert words(lines, "(stream)") == [f"ProjectCustomers (stream) ok 42 ms {REQUEST} {CUSTOMER} v1 and 1 more"]


@pytest.mark.parametrize("error", [{"level": "ERROR", "message": "failed"}, "Traceback (most recent call last):\n"])
def test_a_failed_call_is_marked(error: dict[str, object] | str) -> None:
    assert words(call("ProjectCustomers", error), "(stream)") == ["ProjectCustomers (stream) failed 42 ms"]


def test_calls_of_parallel_instances_are_not_mixed() -> None:
    first = call("GetCustomer", {"status": 200, "correlation_id": "a"}, stream="one")
    second = call("GetCustomer", {"status": 503, "correlation_id": "b"}, stream="two")
    mixed = [line for pair in zip(first, second, strict=True) for line in pair]
    assert [line.rpartition(" ")[2] for line in words(mixed)] == ["a", "b"]


def test_a_call_that_never_ended_is_shown() -> None:
    lines = call("CreateCustomer", {"correlation_id": REQUEST}, ends=False)
    assert words(lines) == [f"CreateCustomer POST /customers ok ... {REQUEST}"]


@pytest.mark.parametrize("wanted", [REQUEST, CUSTOMER, "1-6b0a4720-adf5c53159cd87d0fe6225ad"])
def test_a_trace_shows_the_functions_own_lines_about_it(wanted: str) -> None:
    ids = {"correlation_id": REQUEST, "trace_id": "1-6b0a4720-adf5c53159cd87d0fe6225ad", "customer_id": CUSTOMER}
    about, other = {"message": "projected", **ids}, {"message": "projected", "correlation_id": f"{wanted}-not"}
    found = list(lines_of_trace(call("ProjectCustomers", about, other), wanted))
    assert [json.loads(line.partition("{")[1] + line.partition("{")[2]) for line in found] == [about]


def test_every_function_of_the_template_has_a_trigger() -> None:
    found = routes(load_template())
    assert set(found.values()) & {"(stream)", "(queue)", "(event)"} == {"(stream)", "(queue)", "(event)"}
    assert [route for route in found.values() if route.startswith("POST /")]
    assert len(found) == len(
        [each for each in load_template()["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    )


def test_functions_of_other_stacks_can_be_chosen() -> None:
    known = {"CreateCustomer": "c", "TheirStack/Follow": "f"}
    assert logs._choose(known, "") == known
    assert logs._choose(known, "Follow") == {"TheirStack/Follow": "f"}
    with pytest.raises(StackError, match="FUNCTION may be CreateCustomer, TheirStack/Follow"):
        logs._choose(known, "follow")
