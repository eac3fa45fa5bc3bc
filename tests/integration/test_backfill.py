"""A backfill on the local stack: killed and resumed, it is complete and in order, and none of it is on the bus."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

import operations.__main__ as program
from events.dynamodb_store import DynamoDbEventStore
from local.environments import ROOT
from local.home import StackHome
from operations.jobs.backfill.run import page_for
from tests.e2e.customers import create, erase, eventually, update
from tests.event_log import every_event
from tests.integration.aws import Aws
from tests.integration.records import an_event

CUSTOMERS: Final = 200
WORKERS: Final = 2
RATE: Final = 60
PROBE_RULE: Final = "backfill-probe"
Body = dict[str, Any]


@pytest.fixture
def queue(aws: Aws) -> Iterator[Callable[[str], str]]:
    """Creates queues by the end of their names, and returns their URLs."""
    made: list[str] = []

    def make(suffix: str = "") -> str:
        fifo: Any = {"FifoQueue": "true"} if suffix == ".fifo" else {}
        made.append(aws.sqs.create_queue(QueueName=f"backfilled-{uuid4().hex}{suffix}", Attributes=fifo)["QueueUrl"])
        return made[-1]

    yield make
    for url in made:
        aws.sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def probe(aws: Aws, outputs: Mapping[str, str], queue: Callable[[str], str]) -> Iterator[str]:
    """A queue that receives everything on the bus."""
    url = queue("-probe")
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule: Any = {"Name": PROBE_RULE, "EventBusName": outputs["EventBusName"]}
    aws.events.put_rule(**rule, EventPattern='{"source": ["customers"]}', State="ENABLED")
    target: Any = {"Rule": PROBE_RULE, "EventBusName": outputs["EventBusName"]}
    aws.events.put_targets(**target, Targets=[{"Id": "probe", "Arn": arn}])
    yield url
    aws.events.remove_targets(**target, Ids=["probe"])
    aws.events.delete_rule(**rule)


def drained(aws: Aws, url: str) -> list[Body]:
    """All messages of a queue, in its order. They are deleted."""
    bodies: list[Body] = []
    while found := aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [json.loads(message["Body"]) for message in found]
        for message in found:
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def length(aws: Aws, url: str) -> int:
    name: Any = "ApproximateNumberOfMessages"
    return int(aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def first_seen(bodies: Sequence[Body]) -> dict[str, list[int]]:
    seen: dict[str, list[int]] = {}
    for detail in (body["detail"] for body in bodies):
        versions = seen.setdefault(detail["subject"], [])
        if int(detail["sequence"]) not in versions:
            versions.append(int(detail["sequence"]))
    return seen


def stored(store: DynamoDbEventStore) -> dict[str, list[int]]:
    versions: dict[str, list[int]] = {}
    for customer_id, version in sorted((event.customer_id, event.version) for event in every_event(store)):
        versions.setdefault(customer_id, []).append(version)
    return versions


def test_a_killed_and_resumed_backfill_sends_the_event_table_in_order_and_nothing_to_the_bus(
    aws: Aws,
    home: StackHome,
    api: httpx.Client,
    store: DynamoDbEventStore,
    queue: Callable[[str], str],
    probe: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(CUSTOMERS):
        customer_id = str(uuid4())
        for version in range(1, 2 + number % 3):
            store.append(an_event(customer_id, version))
    person = create(api, full_name="Zebra8264")
    update(api, person, city="Paris")
    erase(api, person)
    url, wanted = queue(""), stored(store)
    events = sum(map(len, wanted.values()))
    words = ["backfill", "--queue", url, "--home", str(home.folder), "--workers", str(WORKERS)]

    killed = subprocess.Popen([sys.executable, "-m", "operations", *words, "--rate", str(RATE)], cwd=ROOT)
    try:
        eventually(lambda: _assert(length(aws, url) > events // 3), within=60)
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert length(aws, url) < events

    assert program.main([*words, "--rate", "1000", "--resume", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])

    bodies = drained(aws, url)
    assert first_seen(bodies) == wanted
    assert summary["customers"] == len(wanted)
    assert summary["sent"] == events
    # Each thread may have been at a part, which ends with the rest of a customer.
    longest = max(map(len, wanted.values()))
    assert events <= len(bodies) <= events + WORKERS * (page_for(RATE, WORKERS) + longest)
    assert all(body["detail"]["replayed"] is True for body in bodies)
    theirs = [body for body in bodies if body["detail"]["subject"] == person["id"]]
    assert [body["detail-type"] for body in theirs[-3:]] == ["EventRedacted", "EventRedacted", "CustomerErased"]
    assert "Zebra8264" not in json.dumps(theirs)

    # Events appended now are published after all earlier ones, so the probe then has everything it will get.
    last = create(api)
    published: list[Body] = []

    def all_there() -> None:
        published.extend(drained(aws, probe))
        assert last["id"] in {body["detail"]["subject"] for body in published}

    eventually(all_there, within=60)
    assert not [body for body in published if "replayed" in body["detail"]]
    [delivered] = [body for body in published if body["detail"]["subject"] == last["id"]]
    [same] = [body for body in backfilled(aws, home, queue("-one"), last["id"]) if body]
    assert same["detail"].pop("replayed") is True
    assert same.keys() == delivered.keys()
    own = {"id", "time"}
    assert {name: same[name] for name in same.keys() - own} == {name: delivered[name] for name in same.keys() - own}
    assert len(same["time"]) == len(delivered["time"])


def backfilled(aws: Aws, home: StackHome, url: str, *customer_ids: str) -> list[Body]:
    """What a backfill of a few customers sends."""
    assert program.main(["backfill", "--queue", url, "--home", str(home.folder), "--customer", *customer_ids]) == 0
    return drained(aws, url)


def test_a_fifo_queue_receives_a_customer_in_order(
    aws: Aws, home: StackHome, store: DynamoDbEventStore, queue: Callable[[str], str]
) -> None:
    customer_id = str(uuid4())
    for version in range(1, 6):
        store.append(an_event(customer_id, version))

    bodies = backfilled(aws, home, queue(".fifo"), customer_id)

    assert [int(body["detail"]["sequence"]) for body in bodies] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["ProjectionFailureQueueUrl", "PublishFailureQueueUrl"])
def test_the_stack_s_own_failure_queues_are_refused(
    home: StackHome, outputs: Mapping[str, str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (outputs[name], outputs[name].rpartition("/")[2]):
        assert program.main(["backfill", "--queue", words, "--home", str(home.folder)]) == 1
        assert "one of the stack's failure queues" in capsys.readouterr().err


def test_a_missing_queue_is_reported_in_one_sentence(home: StackHome, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["backfill", "--queue", "nobody", "--home", str(home.folder)]) == 1
    assert capsys.readouterr().err == "customers: There is no queue nobody, or your credentials cannot see it.\n"


def _assert(holds: bool) -> None:
    assert holds
