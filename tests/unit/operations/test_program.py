"""The program ends with a sentence and an exit status, whatever happens."""

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from events.store import StoreBusy
from local.environments import ROOT
from local.outputs import not_running
from operations.__main__ import main
from operations.command_line import build_parser, parse
from operations.errors import CommandError
from operations.stack import Stack
from projections.generations import GenerationsChanged, WrongStep
from projections.maintenance.rebuild import RebuildFailed
from projections.read_model import ReadModelBusy


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    """The program restores the signal handler of the process that called it."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    after = signal.signal(signal.SIGTERM, before)
    assert after == before


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (CommandError("There is no stack x."), "There is no stack x."),
        (not_running(), "Start it with make up"),
        (WrongStep("Run verify first."), "Run verify first."),
        (GenerationsChanged("meanwhile"), "check the status"),
        (RebuildFailed("3 rows"), "run the same command again"),
        (ReadModelBusy("3 rows"), "run the same command again"),
        (StoreBusy("3 items"), "run the same command again"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "Scan"), "AWS refused"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/"), "The local stack does not answer. Start it"),
        (
            EndpointConnectionError(endpoint_url="https://sqs.eu-west-1.amazonaws.com/"),
            "AWS refused the request or did",
        ),
        (NoCredentialsError(), "AWS refused the request or did not answer (Unable to locate credentials)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_expected_error_is_reported_in_one_sentence(
    error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def connect_to(*_: str) -> Stack:
        raise error

    assert main(["status"], connect_to) == 1
    shown = capsys.readouterr().err
    assert sentence in shown
    assert shown.count("\n") == 1


def test_a_terminated_command_ends_like_an_interrupted_one() -> None:
    def connect_to(*_: str) -> Stack:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("it goes on")

    assert main(["rebuild", "run"], connect_to) == 130


def test_an_interrupted_command_says_how_to_continue(capsys: pytest.CaptureFixture[str]) -> None:
    def connect_to(*_: str) -> Stack:
        raise KeyboardInterrupt

    assert main(["rebuild", "run"], connect_to) == 130
    assert "continues from here" in capsys.readouterr().err


def test_the_stack_is_named_on_the_command_line() -> None:
    asked: list[tuple[str, str]] = []

    def connect_to(stack_name: str, home: str) -> Stack:
        asked.append((stack_name, home))
        raise CommandError("enough")

    main(["rebuild", "run", "--stack-name", "CustomersApi", "--home", ""], connect_to)
    assert asked == [("CustomersApi", "")]


@pytest.mark.parametrize(
    "words",
    [[], ["rebuild"], ["nonsense"], ["rebuild", "run", "--rate", "0"], ["verify", "--workers", "0"], ["redrive", "-x"]],
)
def test_invalid_arguments_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2


def test_every_command_and_option_has_help_that_names_its_subject_and_an_example() -> None:
    for name, parser in parsers():
        assert parser.epilog, name
        assert parser.epilog.startswith('Example: make customers ARGS="'), name
        words = parser.epilog.removeprefix('Example: make customers ARGS="').removesuffix('"').split()
        parse(words)
        assert " ".join(words).startswith(name), name
        helps = [parser.description or "", *(str(action.help) for action in parser._actions)]
        for text in helps:
            assert not {"it", "its", "those", "them", "they"} & set(re.findall(r"[a-z]+", text.lower())), (name, text)


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    waiting = [("", cast("argparse.ArgumentParser", build_parser()))]
    while waiting:
        name, parser = waiting.pop()
        yield name, parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += [(f"{name} {word}".strip(), found) for word, found in action.choices.items()]


ID_HINT = "'ADA' is not a customer id (a UUID)"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("verify --workers x", "--workers: 'x' is not a whole number of 1 or more"),
        ("verify --segments 1.5", "--segments: '1.5' is not a whole number of 1 or more"),
        ("parked --generation 0", "--generation: '0' is not a whole number of 1 or more"),
        ("redrive --limit -1", "--limit: '-1' is not a whole number of 1 or more"),
        ("redrive-failures --limit two", "--limit: 'two' is not a whole number of 1 or more"),
        ("rebuild run --rate fast", "--rate: 'fast' is not a number above 0"),
        ("rebuild remove --rate nan", "--rate: 'nan' is not a number above 0"),
        ("rebuild all --rate inf", "--rate: 'inf' is not a number above 0"),
        ("backfill --queue q --from today", "--from: 'today' is not a time with a zone, such as 2026-11-01T00:00:00Z"),
        ("backfill --queue q --to 2026-11-01", "--to: '2026-11-01' is not a time with a zone, such as 2026-11-01T00"),
        ("backfill --queue q --customer ADA", f"--customer: {ID_HINT}"),
        ("backfill", "the following arguments are required: --queue"),
    ],
)
def test_a_bad_value_is_reported_in_one_line_that_names_the_option(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words.split())

    error = capsys.readouterr().err
    assert refused.value.code == 2
    assert sentence in error
    assert f"Help: make customers ARGS='{words.split(' -', maxsplit=1)[0]} --help'" in error
    assert error.count("\n") == 1
    assert "_" not in error


def test_a_closed_pipe_ends_the_command_without_a_traceback() -> None:
    script = (
        "import sys\n"
        "from operations.__main__ import main\n"
        "def connect_to(*_):\n"
        "    print('x', flush=True)\n"
        "sys.exit(main(['status'], connect_to))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        # Only buffered output is flushed once more at exit.
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()

    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1
