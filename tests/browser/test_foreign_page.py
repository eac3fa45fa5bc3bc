"""A page of another origin tries to use the local AWS, in a real browser.

Every attempt runs twice: against the guarded emulator, and against a bare one, which shows that the attempt works.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from local import emulator
from local.aws import REGION, session
from local.home import StackHome, free_port
from local.processes import BackgroundProcess
from local.stopping import stop_stack
from tests.browser.conftest import REBOUND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

KEY = f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator without a stack."""

    endpoint: str

    @property
    def dynamodb(self) -> "DynamoDBClient":
        return session().client("dynamodb", endpoint_url=self.endpoint)

    @property
    def sqs(self) -> "SQSClient":
        return session().client("sqs", endpoint_url=self.endpoint)

    def holds_a_person(self) -> None:
        self.dynamodb.create_table(
            TableName="people",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        self.dynamodb.put_item(TableName="people", Item={"id": {"S": "Ada Lovelace"}})


def started(folder: Path) -> Iterator[Running]:
    home = StackHome(folder, free_port())
    emulator.start(home)
    try:
        running = Running(home.endpoint)
        running.holds_a_person()
        yield running
    finally:
        stop_stack(home)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from started(tmp_path_factory.mktemp("guarded"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The emulator as it is started without the guard."""
    start = BackgroundProcess.start

    def without_guard(self: BackgroundProcess, python: Path, _: Any, *arguments: Any, version: str) -> Any:
        return start(self, python, ["-m", "ministack"], *arguments, version=version)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BackgroundProcess, "start", without_guard)
        yield from started(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def foreign_origin() -> Iterator[str]:
    """Serves an empty page on another port, which is another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def foreign(page: Page, foreign_origin: str) -> Page:
    page.goto(foreign_origin)
    return page


def fetched(page: Page, url: str, options: dict[str, Any]) -> str:
    """What the page's script can read of a response; "blocked" if the browser shows it nothing."""
    script = "([url, options]) => fetch(url, options).then(answer => answer.text()).catch(() => 'blocked')"
    return str(page.evaluate(script, [url, options]))


def scanned(page: Page, running: Running) -> str:
    """The table as an unsigned request with the emulator's public key reads it."""
    headers = {
        "Authorization": KEY,
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "DynamoDB_20120810.Scan",
    }
    options = {"method": "POST", "headers": headers, "body": json.dumps({"TableName": "people"})}
    return fetched(page, f"{running.endpoint}/", options)


def queue_created(page: Page, running: Running, mode: str) -> bool:
    """Whether the page can create a queue without reading a response. A GET like this needs no preflight."""
    query = urlencode(
        {
            "Action": "CreateQueue",
            "Version": "2012-11-05",
            "QueueName": f"by-{mode}",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"test/20260101/{REGION}/sqs/aws4_request",
            "X-Amz-Date": "20260101T000000Z",
            "X-Amz-Expires": "60",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": "0",
        }
    )
    url = f"{running.endpoint}/?{query}"
    if mode == "script":
        fetched(page, url, {"mode": "no-cors"})
    else:
        page.evaluate("url => new Promise(done => { const i = new Image(); i.onerror = done; i.src = url })", url)
    return any(f"by-{mode}" in each for each in running.sqs.list_queues().get("QueueUrls", []))


def test_a_foreign_page_reads_no_table(foreign: Page, guarded: Running, bare: Running) -> None:
    assert "Ada Lovelace" in scanned(foreign, bare)
    assert scanned(foreign, guarded) == "blocked"


@pytest.mark.parametrize("mode", ["script", "image"])
def test_a_foreign_page_runs_nothing(foreign: Page, guarded: Running, bare: Running, mode: str) -> None:
    assert queue_created(foreign, bare, mode)
    assert not queue_created(foreign, guarded, mode)


def test_a_foreign_page_reaches_none_of_the_emulators_own_routes(
    foreign: Page, guarded: Running, bare: Running
) -> None:
    route = "/_ministack/reset"
    options = {"method": "POST", "mode": "no-cors"}
    fetched(foreign, f"{guarded.endpoint}{route}", options)
    assert guarded.dynamodb.list_tables()["TableNames"] == ["people"]

    fetched(foreign, f"{bare.endpoint}{route}", options)
    assert bare.dynamodb.list_tables()["TableNames"] == []
    bare.holds_a_person()


def test_a_name_that_a_stranger_points_at_this_machine_is_refused(page: Page, guarded: Running, bare: Running) -> None:
    """DNS rebinding: for the browser, the page and the emulator then have the same origin."""
    for running, reads_it in ((bare, True), (guarded, False)):
        rebound = running.endpoint.replace("127.0.0.1", REBOUND)
        page.goto(f"{rebound}/_ministack/health")
        assert ("services" in page.content()) is reads_it
        assert ("Ada Lovelace" in scanned(page, Running(rebound))) is reads_it
