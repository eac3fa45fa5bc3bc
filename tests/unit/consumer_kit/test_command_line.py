"""`python -m consumer_kit`: what each command prints, writes and returns."""

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from consumer_kit import CustomerState, __version__
from consumer_kit.__main__ import _parser, main
from consumer_kit.rejection import rejection
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope, event
from tests.unit.consumer_kit.queues import FakeSqs
from tests.unit.consumer_kit.table import FakeDynamoDb

SINCE: Final = "2026-05-17T10:00:00.000000Z"
HELP: Final = Path(__file__).with_name("help.txt")
WAITING: Final = CustomerState(CUSTOMER, 1, held={3: event(3)}, waiting_since=SINCE, revision=2)
SKIP: Final = ["skip", "--table", "welcome", "--queue", "live", "--customer", CUSTOMER, "--version", "2"]
REDRIVE: Final = ["redrive", "--dead-letters", "dead", "--queue", "live"]
COMMANDS: Final = {
    "waiting": ["--table", "t"],
    "skip": ["--table", "t", "--queue", "q", "--customer", "c", "--version", "2"],
    "left-behind": ["--table", "t", "--epoch", "2"],
    "dead-letters": ["--dead-letters", "d"],
    "redrive": ["--dead-letters", "d", "--queue", "q"],
}


Clients = Callable[..., None]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Has the commands use these clients."""

    class Session:
        def __init__(self, clients: dict[str, Any]) -> None:
            self._clients = clients

        def client(self, service: str) -> Any:
            return self._clients[service]

    return lambda **clients: monkeypatch.setattr(boto3, "Session", lambda: Session(clients))


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def minutes_ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.usefixtures("_in_tokyo")
@pytest.mark.parametrize(("arguments", "minutes"), [([], 15), (["--minutes", "0.5"], 0.5)])
def test_waiting_lists_the_events_that_are_missing_for_so_long(
    given: Clients, capsys: pytest.CaptureFixture[str], arguments: list[str], minutes: float
) -> None:
    table = FakeDynamoDb(WAITING)
    given(dynamodb=table)

    earliest = minutes_ago(minutes)
    assert main(["waiting", "--table", "welcome", *arguments]) == 1

    assert capsys.readouterr().out == f"{CUSTOMER}  version 2 is missing since {SINCE}\n"
    assert earliest <= table.asked[0][":since"]["S"] <= minutes_ago(minutes)


@pytest.mark.parametrize("command", [["waiting"], ["left-behind", "--epoch", "2"]])
def test_a_command_that_finds_nothing_prints_nothing(
    given: Clients, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    given(dynamodb=FakeDynamoDb())

    assert main([*command, "--table", "welcome"]) == 0
    assert capsys.readouterr().out == ""


def test_left_behind_lists_the_customers_and_exits_with_1(given: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    table = FakeDynamoDb(WAITING, CustomerState("other"))
    given(dynamodb=table)

    assert main(["left-behind", "--table", "welcome", "--epoch", "2"]) == 1

    assert capsys.readouterr().out == f"{CUSTOMER}  has no event of epoch 2\nother  has no event of epoch 2\n"
    assert table.asked[0][":epoch"] == {"N": "2"}


@pytest.mark.usefixtures("_in_tokyo")
def test_a_skip_says_what_it_skipped_and_sent(given: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    table, sqs = FakeDynamoDb(WAITING), FakeSqs()
    given(dynamodb=table, sqs=sqs)

    earliest = minutes_ago(0)
    assert main(SKIP) == 0

    assert earliest <= table.items[CUSTOMER]["waiting_since"]["S"] <= minutes_ago(0)
    assert [json.loads(body)["sequence"] for body in sqs.live] == ["0000000003"]
    assert capsys.readouterr().out == (
        f"Version 2 of customer {CUSTOMER} is skipped.\n"
        "Sent to the queue: version 3, which releases the held events after it.\n"
    )


def test_a_skip_that_is_not_possible_says_why(given: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    given(dynamodb=FakeDynamoDb(), sqs=FakeSqs())

    assert main(SKIP) == 2
    assert capsys.readouterr().err == (
        f"consumer_kit: nothing was skipped: customer {CUSTOMER} has no held event, so nothing waits for version 2\n"
    )


def test_a_skip_while_the_consumer_writes_asks_for_another_run(
    given: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    table = FakeDynamoDb(WAITING)
    table.is_written_by_another = True
    given(dynamodb=table, sqs=FakeSqs())

    assert main(SKIP) == 2
    assert capsys.readouterr().err == ("consumer_kit: the consumer wrote its inbox meanwhile, run the command again\n")


def test_a_failed_request_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a region no request can be sent."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    assert main(["waiting", "--table", "welcome"]) == 2
    assert capsys.readouterr().err == "consumer_kit: You must specify a region.\n"


def rejected(customer_id: str) -> str:
    return rejection(json.dumps(envelope(cloud_event(2, customer_id=customer_id))), "too new")


def listed(number: int, customer_id: str) -> str:
    return f"{number}  CustomerUpdated version 2 of customer {customer_id}: received too often\n"


OTHER: Final = "0" + CUSTOMER[1:]


class Pipe(io.StringIO):
    """Standard output that keeps what is printed until it is flushed."""

    sent = ""

    def flush(self) -> None:
        self.sent = self.getvalue()


ASK: Final = "Ask the owners of the stream for a backfill of these customers:"


def test_dead_letters_are_listed_with_the_customers_that_need_a_backfill(
    given: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs = FakeSqs(json.dumps(cloud_event(2)), rejected(CUSTOMER), rejected(OTHER), rejection("nonsense", "broken"))
    given(sqs=sqs)

    assert main(["dead-letters", "--dead-letters", "dead"]) == 1

    printed = capsys.readouterr().out
    assert printed.startswith(listed(0, CUSTOMER) + listed(1, CUSTOMER) + listed(2, OTHER) + "3  ")
    assert printed.endswith(f"\n{ASK} {OTHER} {CUSTOMER}\n")
    assert len(sqs.dead) == 4


@pytest.mark.parametrize("command", [["waiting", "--table", "welcome"], ["dead-letters", "--dead-letters", "dead"]])
def test_each_line_is_written_at_once_even_to_a_pipe(
    monkeypatch: pytest.MonkeyPatch, given: Clients, command: list[str]
) -> None:
    given(dynamodb=FakeDynamoDb(WAITING), sqs=FakeSqs(json.dumps(cloud_event(2))))
    pipe = Pipe()
    monkeypatch.setattr(sys, "stdout", pipe)

    assert main(command) == 1

    assert pipe.sent == pipe.getvalue() != ""


def test_an_empty_queue_of_dead_letters_exits_with_0(given: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    given(sqs=FakeSqs())

    assert main(["dead-letters", "--dead-letters", "dead"]) == 0
    assert capsys.readouterr().out == ""


def test_a_redrive_counts_what_it_sent_back(given: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    sqs = FakeSqs(*[json.dumps(cloud_event(2))] * 2)
    given(sqs=sqs)

    assert main(REDRIVE) == 0

    assert capsys.readouterr().out == f"{listed(0, CUSTOMER)}{listed(1, CUSTOMER)}Sent back: 2\n"
    assert (len(sqs.live), sqs.dead) == (2, {})


def test_a_redrive_that_leaves_a_letter_exits_with_1(given: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    sqs = FakeSqs(json.dumps(cloud_event(2)), rejected(OTHER))
    given(sqs=sqs)

    assert main(REDRIVE) == 1

    assert capsys.readouterr().out.endswith(f"{ASK} {OTHER}\nSent back: 1\n")
    assert list(sqs.dead) == ["1"]


def test_a_redrive_with_the_table_removes_the_letters_of_handled_events(
    given: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs = FakeSqs(rejected(CUSTOMER))
    given(sqs=sqs, dynamodb=FakeDynamoDb(CustomerState(CUSTOMER, 2, revision=1)))

    assert main([*REDRIVE, "--table", "welcome"]) == 0

    assert capsys.readouterr().out == "Sent back: 0\n"
    assert (sqs.live, sqs.dead) == ([], {})


REQUIRED: Final = [(name, option) for name, words in COMMANDS.items() for option in words[::2]]


@pytest.mark.parametrize(("command", "option"), REQUIRED)
def test_a_required_option_that_is_left_out_is_named(
    capsys: pytest.CaptureFixture[str], command: str, option: str
) -> None:
    words = COMMANDS[command]
    place = words.index(option)

    with pytest.raises(SystemExit):
        main([command, *words[:place], *words[place + 2 :]])

    assert f"the following arguments are required: {option}" in capsys.readouterr().err


@pytest.mark.parametrize("epoch", ["1", "0", "two", "-2", "٢"])
def test_an_epoch_that_cannot_leave_anybody_behind_is_refused(capsys: pytest.CaptureFixture[str], epoch: str) -> None:
    with pytest.raises(SystemExit):
        main(["left-behind", "--table", "welcome", f"--epoch={epoch}"])

    assert f"argument --epoch: {epoch!r} is not a whole number of 2 or more" in capsys.readouterr().err


def test_a_command_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([])

    assert "the following arguments are required: command" in capsys.readouterr().err


def test_the_help_is_as_published(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Teams read it in their terminal. If it changes on purpose, `help.txt` changes with it."""
    monkeypatch.setenv("COLUMNS", "200")
    printed = []
    for words in ([], *([name] for name in COMMANDS)):
        with pytest.raises(SystemExit):
            _parser().parse_args([*words, "--help"])
        printed.append(capsys.readouterr().out)

    # argparse pads its columns by the longest word, and differently in each version of Python.
    assert "\n".join(printed).split() == HELP.read_text().split()


def test_without_boto3_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    assert main(["waiting", "--table", "welcome"]) == 2

    sentence = 'consumer_kit: boto3 is missing. Install the kit with its extra "aws", or boto3 itself.\n'
    assert capsys.readouterr() == ("", sentence)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert (ended.value.code, capsys.readouterr().out) == (0, f"consumer_kit {__version__}\n")
