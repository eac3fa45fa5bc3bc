"""The segments sent to X-Ray, received in place of its daemon, join a request and the handling of its event."""

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
    """The X-Ray documents that were sent, and the customer they are about."""

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
    """A socket in place of the X-Ray daemon."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


def run(dynamodb: "DynamoDBClient", daemon: socket.socket, *, sampled: bool) -> Flow:
    names = tables.from_template()
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
        "ERASURES_TABLE": names["ErasuresTable"]["TableName"],
        "ERASURE_LOG_TABLE": names["ErasureLogTable"]["TableName"],
        "READ_TABLE": names["ReadTable"]["TableName"],
        "PARTIAL_ANSWERS": "true",
        "SIGNING_SECRET": "literal:a key of the tests",
        "EVENT_BUS": "bus",
        "PUBLISH_FAILURE_QUEUE": "queue",
        "EPOCH": "1",
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
    printed = json.loads(done.stderr.splitlines()[-1])
    return Flow(list(_received(daemon)), printed["customer_id"], printed["metadata"], printed["trace_headers"])


@pytest.fixture(scope="module")
def flow(amazons_dynamodb: "DynamoDBClient", daemon: socket.socket) -> Flow:
    """A request that X-Ray samples."""
    return run(amazons_dynamodb, daemon, sampled=True)


def _received(daemon: socket.socket) -> Iterator[Document]:
    """The documents in the socket. The sender has exited, so there will be no more."""
    daemon.setblocking(False)
    while True:
        try:
            header_line, _, document = daemon.recv(65536).partition(b"\n")
        except BlockingIOError:
            return
        assert json.loads(header_line) == {"format": "json", "version": 1}
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
def test_a_request_and_the_handling_of_its_event_are_in_one_trace(flow: Flow, name: str, batch: str) -> None:
    assert (flow.metadata["trace_id"], flow.metadata["segment_id"]) == (POST_TRACE, POST_SEGMENT)
    [segment] = [document for document in flow.of_trace(POST_TRACE) if document["name"] == name]
    assert segment["parent_id"] == POST_SEGMENT
    # Only a segment can have a parent in another service, and a segment has no type.
    assert "type" not in segment
    assert segment["start_time"] <= segment["end_time"]
    assert segment["annotations"]["batch_trace"] == batch
    [handled] = [document for document in flow.of_trace(POST_TRACE) if document["name"] == "## handle"]
    assert (handled["type"], handled["parent_id"]) == ("subsegment", POST_SEGMENT)
    assert segment["start_time"] > handled["start_time"]


def test_the_trace_continues_on_the_bus(flow: Flow) -> None:
    assert flow.trace_headers == [f"Root={POST_TRACE};Parent={POST_SEGMENT};Sampled=1"]


def test_the_batch_s_own_trace_names_the_traces_of_its_events(flow: Flow) -> None:
    for trace in (STREAM_TRACE, BUS_TRACE):
        documents = annotated(flow.of_trace(trace))
        [found] = [document for document in documents if "event_trace" in document["annotations"]]
        assert found["annotations"]["event_trace"] == POST_TRACE


def test_each_segment_is_annotated_with_customer_version_and_type(flow: Flow) -> None:
    expected = {
        "customer": hashlib.sha256(flow.customer_id.encode()).hexdigest()[:32],
        "version": 1,
        "event_type": "CustomerCreated",
    }

    annotations = [document["annotations"] for document in annotated(flow.documents)]
    found = [each for each in annotations if "customer" in each]

    assert len(found) == 5
    assert [{name: each[name] for name in expected} for each in found] == [expected] * 5
    assert {each["correlation_id"] for each in found} == {flow.metadata["correlation_id"]}


def test_a_trace_has_no_personal_data(flow: Flow) -> None:
    sent = json.dumps(flow.documents)
    assert flow.customer_id not in sent
    assert "Lovelace" not in sent
    assert "@" not in sent


def test_nothing_is_added_to_a_trace_that_is_not_sampled(
    amazons_dynamodb: "DynamoDBClient", daemon: socket.socket
) -> None:
    flow = run(amazons_dynamodb, daemon, sampled=False)

    assert (flow.metadata["trace_id"], flow.metadata["segment_id"]) == (POST_TRACE, "")
    assert flow.of_trace(POST_TRACE) == []
    assert flow.trace_headers == [f"Root={POST_TRACE}"]
    assert flow.of_trace(STREAM_TRACE)
