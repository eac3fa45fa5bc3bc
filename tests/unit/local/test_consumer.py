"""`make consumer`: what it accepts, and what it takes for an event that a consumer received."""

from pathlib import Path

import pytest

from local.consumer.__main__ import _report, main
from local.consumer.stack import Received, consumer_in, logged
from local.deployment import architecture
from local.emulator import python_version
from local.errors import StackError
from local.functions import LogLine
from local.home import StackHome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A consumer in a folder with a blank."""
    found = tmp_path / "our consumer"
    found.mkdir()
    (found / "template.yaml").write_text("Resources: {}")
    return found


def test_a_consumer_is_named_after_its_folder(folder: Path) -> None:
    found = consumer_in(str(folder))

    assert (found.template, found.stack_name, found.parameters) == (
        folder / "template.yaml", "consumer-our-consumer", {}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "stack"),
    [("consumer", "consumer"), ("consumer_of_ours", "consumer-of-ours"), ("9 (b)", "consumer-9-b"), ("_", "consumer")],
)
def test_a_name_fits_cloudformation(tmp_path: Path, name: str, stack: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "template.yml").write_text("Resources: {}")

    assert consumer_in(str(tmp_path / name)).stack_name == stack


def test_name_and_parameters_can_be_chosen(folder: Path) -> None:
    found = consumer_in(str(folder), "shipping", "Stage=local  Size=a=b")

    assert (found.stack_name, found.parameters) == ("shipping", {"Stage": "local", "Size": "a=b"})


@pytest.mark.parametrize(
    ("directory", "parameters", "message"),
    [
        ("", "", "Name the folder of the consumer, for example DIR=docs/examples/consumer"),
        ("{folder}/nothing", "", "There is no template.yml or template.yaml in .*/nothing. DIR must be"),
        ("{folder}", "Stage", "The parameter 'Stage' has no value"),
        ("{folder}", "=local", "The parameter '' has no value"),
    ],
)
def test_what_cannot_be_deployed_is_refused(folder: Path, directory: str, parameters: str, message: str) -> None:
    with pytest.raises(StackError, match=message):
        consumer_in(directory.format(folder=folder), parameters=parameters)


def test_without_a_stack_one_sentence_says_what_to_run(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--directory", str(folder), "--home", str(tmp_path)]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("make consumer: ")
    assert "make up" in captured.err
    assert captured.err.count("\n") == 1


def test_a_line_of_the_runtime_proves_nothing() -> None:
    lines = [
        LogLine(3, "Follow", "handled 1"),
        LogLine(1, "Follow", "START RequestId: 1"),
        LogLine(2, "Follow", "INIT_START Runtime"),
        LogLine(4, "Follow", "END RequestId: 1"),
        LogLine(5, "Follow", "REPORT RequestId: 1"),
        LogLine(6, "Follow", ""),
        LogLine(1, "Other", "started"),
    ]

    assert [line.text for line in logged(lines)] == ["started", "handled 1"]


def test_the_report_says_how_to_reach_the_stack(folder: Path, tmp_path: Path) -> None:
    home = StackHome(tmp_path, 4999)
    received = Received(LogLine(1, "Follow", "handled 1"), 1.23)

    lines = _report(home, consumer_in(str(folder)), {"Table": "t-1"}, received).splitlines()

    assert [line.split(maxsplit=1) for line in lines[1:3]] == [
        ["Stack", "consumer-our-consumer"],
        ["Parameters", f"CustomersStage=local Runtime=python{python_version()} Architecture={architecture()}"],
    ]
    assert [line.split(maxsplit=1) for line in lines[3:5]] == [
        ["Table", "t-1"], ["Received", "after 1.2 s, by Follow: handled 1"]
    ]  # fmt: skip
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4999 AWS_ACCESS_KEY_ID=test" in lines[-2]
    assert "not checked" in _report(home, consumer_in(str(folder)), {}, None)
