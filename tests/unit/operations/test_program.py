"""The program ends in a sentence and an exit status, whatever happens."""

import signal
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from events.store import StoreBusy
from local.outputs import not_running
from operations.__main__ import main
from operations.errors import CannotDo
from operations.stack import Stack
from projections.generations import GenerationsChanged, WrongStep
from projections.maintenance.rebuild import RebuildFailed
from projections.read_model import ReadModelBusy


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    """Whoever calls the program within their own process keeps their handler, however it ends."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    after = signal.signal(signal.SIGTERM, before)
    assert after == before


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CannotDo("There is no stack x."), "There is no stack x."),
        (not_running(), "Start it with make up"),
        (WrongStep("Run verify first."), "Run verify first."),
        (GenerationsChanged("meanwhile"), "look at status"),
        (RebuildFailed("3 rows"), "run the same command again"),
        (ReadModelBusy("3 rows"), "run the same command again"),
        (StoreBusy("3 items"), "run the same command again"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "Scan"), "AWS refused"),
        (NoCredentialsError(), "AWS refused or did not answer (Unable to locate credentials)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_stands_in_the_way_is_one_sentence(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def join(*_: str) -> Stack:
        raise error

    assert main(["status"], join) == 1
    shown = capsys.readouterr().err
    assert told in shown
    assert shown.count("\n") == 1


def test_a_terminated_command_ends_like_an_interrupted_one() -> None:
    def join(*_: str) -> Stack:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("it goes on")

    assert main(["rebuild", "run"], join) == 130


def test_an_interrupted_command_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def join(*_: str) -> Stack:
        raise KeyboardInterrupt

    assert main(["rebuild", "run"], join) == 130
    assert "goes on from here" in capsys.readouterr().err


def test_the_stack_is_named_on_the_command_line() -> None:
    asked: list[tuple[str, str]] = []

    def join(stack_name: str, home: str) -> Stack:
        asked.append((stack_name, home))
        raise CannotDo("enough")

    main(["rebuild", "run", "--stack-name", "CustomersApi", "--home", ""], join)
    assert asked == [("CustomersApi", "")]


@pytest.mark.parametrize(
    "words",
    [[], ["rebuild"], ["nonsense"], ["rebuild", "run", "--rate", "0"], ["verify", "--workers", "0"], ["redrive", "-x"]],
)
def test_words_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
