"""X-Ray segments, caught where the daemon would listen, connect a request with what became of its event."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from local import tables
from local.environments import ROOT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POST_TRACE, STREAM_TRACE = "1-5759e988-bd862e3fe1be46a994272793", "1-5759e98a-aaaaaaaaaaaaaaaaaaaaaaaa"
BUS_TRACE = "1-5759e98b-bbbbbbbbbbbbbbbbbbbbbbbb"
POST_SEGMENT, STREAM_SEGMENT = "53995c3f42cd8ad8", "aaaaaaaaaaaaaaaa"
Document = dict[str, Any]


@dataclass
class Flow:
    """The segments that were sent, and the customer and metadata of the event."""

    documents: list[Document]
    customer_id: str
    metadata: dict[str, str]
    trace_headers: list[str]

    def of_trace(self, trace: str) -> list[Document]:
        return [document for document in self.documents if document["trace_id"] == trace]


def header(trace: str, segment: str, *, sampled: bool) -> str:
    return f"Root={trace};Parent={segment};Sampled={int(sampled)}"


@pytest.fixture(scope="module")
def daemon() -> Iterator[socket.socket]:
    """Listens where the X-Ray daemon would."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


def run(dynamodb: "DynamoDBClient", daemon: socket.socket, *, sampled: bool) -> Flow:
    names = tables.of_template()
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": dynamodb.meta.region_name,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.meta.endpoint_url,
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        "EVENT_TABLE": names["EventTable"]["TableName"],
        "CLAIMS_TABLE": names["ClaimsTable"]["TableName"],
        "READ_TABLE": names["ReadTable"]["TableName"],
        "PARTIAL_ANSWERS": "true",
        "EVENT_BUS": "bus",
        "PUBLISH_FAILURE_QUEUE": "queue",
        "STAGE": "test",
        "POWERTOOLS_SERVICE_NAME": "customers",
        "POWERTOOLS_METRICS_NAMESPACE": "CustomersApi",
    }
    headers = [
        header(POST_TRACE, POST_SEGMENT, sampled=sampled),
        header(STREAM_TRACE, STREAM_SEGMENT, sampled=True),
        header(BUS_TRACE, STREAM_SEGMENT, sampled=True),
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-m", "tests.contract.traced_flow", *headers],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stderr.splitlines()[-1])
    return Flow(list(_received(daemon)), result["customer_id"], result["metadata"], result["trace_headers"])


@pytest.fixture(scope="module")
def flow(amazons_dynamodb: "DynamoDBClient", daemon: socket.socket) -> Flow:
    """A request that X-Ray samples."""
    return run(amazons_dynamodb, daemon, sampled=True)


def _received(daemon: socket.socket) -> Iterator[Document]:
    """Everything in the socket. The sender has ended, so nothing more comes."""
    daemon.setblocking(False)
    while True:
        try:
            beginning, _, document = daemon.recv(65536).partition(b"\n")
        except BlockingIOError:
            return
        assert json.loads(beginning) == {"format": "json", "version": 1}
        yield json.loads(document)


def annotated(documents: list[Document]) -> Iterator[Document]:
    """Every segment and subsegment with annotations, at any depth."""
    for document in documents:
        if document.get("annotations"):
            yield document
        yield from annotated(document.get("subsegments", []))


@pytest.mark.parametrize(
    ("name", "batch"), [("customers-projection", STREAM_TRACE), ("customers-publishing", BUS_TRACE)]
)
def test_a_request_and_its_event_are_in_one_trace(flow: Flow, name: str, batch: str) -> None:
    assert (flow.metadata["trace_id"], flow.metadata["segment_id"]) == (POST_TRACE, POST_SEGMENT)
    [after] = [each for each in flow.of_trace(POST_TRACE) if each["name"] == name]
    assert after["parent_id"] == POST_SEGMENT
    # It must be a segment: only a segment may have a parent in another service.
    assert "type" not in after
    assert after["start_time"] <= after["end_time"]
    assert after["annotations"]["batch_trace"] == batch
    [handled] = [each for each in flow.of_trace(POST_TRACE) if each["name"] == "## handle"]
    assert (handled["type"], handled["parent_id"]) == ("subsegment", POST_SEGMENT)
    assert after["start_time"] > handled["start_time"]


def test_a_consumer_on_the_bus_continues_the_trace(flow: Flow) -> None:
    assert flow.trace_headers == [f"Root={POST_TRACE};Parent={POST_SEGMENT};Sampled=1"]


def test_the_batch_s_own_trace_names_the_traces_of_its_events(flow: Flow) -> None:
    for trace in (STREAM_TRACE, BUS_TRACE):
        [found] = [each for each in annotated(flow.of_trace(trace)) if "event_trace" in each["annotations"]]
        assert found["annotations"]["event_trace"] == POST_TRACE


def test_each_part_is_found_by_customer_version_and_type(flow: Flow) -> None:
    wanted = {
        "customer": hashlib.sha256(flow.customer_id.encode()).hexdigest()[:32],
        "version": 1,
        "event_type": "CustomerCreated",
    }

    found = [each["annotations"] for each in annotated(flow.documents) if "customer" in each["annotations"]]

    assert len(found) == 5
    assert [{name: each[name] for name in wanted} for each in found] == [wanted] * 5
    assert {each["correlation_id"] for each in found} == {flow.metadata["correlation_id"]}


def test_no_trace_has_personal_data(flow: Flow) -> None:
    sent = json.dumps(flow.documents)
    assert flow.customer_id not in sent
    assert "Lovelace" not in sent
    assert "@" not in sent


def test_a_trace_that_is_not_sampled_stays_so(amazons_dynamodb: "DynamoDBClient", daemon: socket.socket) -> None:
    flow = run(amazons_dynamodb, daemon, sampled=False)

    assert (flow.metadata["trace_id"], flow.metadata["segment_id"]) == (POST_TRACE, "")
    assert flow.of_trace(POST_TRACE) == []
    assert flow.trace_headers == [f"Root={POST_TRACE}"]
    assert flow.of_trace(STREAM_TRACE)
