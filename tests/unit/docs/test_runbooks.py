"""Every runbook can be followed at night: it has all its parts, and what it tells to paste exists and parses."""

import re
import shlex
import subprocess
from collections.abc import Callable, Sequence
from typing import Final

import pytest

import consumer_kit.__main__ as kit
from local.template import load_template
from operations.command_line import parse as parse_customers
from tests import aws_cli
from tests.aws_cli import WrongCommand
from tests.runbooks import DO, LOOK, OVER, PAGES, PARTS, blocks, commands
from tests.unit.docs.pages import Page

TO_PASTE: Final = (LOOK, DO, OVER)
MAKE: Final = re.compile(r"make (?:-s )?[a-z-]+")
# Its alarm is of the stack, so a command without the stack's name would look at the local one.
NAMED: Final = "--stack-name CustomersApiProduction"
KIT: Final = ".local/venvs/dev/bin/python"


def check_make(words: Sequence[str]) -> None:
    target, *variables = words
    if target == "customers":
        [arguments] = [each.removeprefix("ARGS=") for each in variables]
        assert arguments.endswith(NAMED)
        parse_customers(shlex.split(arguments))
    else:
        assert (target, variables) == ("up", [])


def check_python(words: Sequence[str]) -> None:
    module, name, *arguments = words
    assert (module, name) == ("-m", "consumer_kit")
    kit._parser().parse_args(arguments)


def check_aws(words: Sequence[str]) -> None:
    found = aws_cli.parse(words)
    named = found.parameters.get("LogicalResourceId")
    # Those that SAM adds have the names of a function and of its event or its alias.
    assert named is None or any(named.startswith(name) for name in load_template()["Resources"]), named


def check_other(_: Sequence[str]) -> None:
    """Nothing of a shell tool is checked but that the block parses."""


CHECKS: Final[dict[str, Callable[[Sequence[str]], None]]] = {
    "make": check_make,
    KIT: check_python,
    "aws": check_aws,
    "rm": check_other,
    "printf": check_other,
}


def check(block: str) -> None:
    for program, *words in commands(block):
        CHECKS[program]([word for word in words if word not in (">", "original.json")])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_five_parts_in_order_and_no_other(name: str) -> None:
    found = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", PAGES[name].text, flags=re.DOTALL), re.MULTILINE)

    assert tuple(found[1:]) == PARTS
    assert found[0].lower() == name.replace("-", "")


@pytest.mark.parametrize("part", TO_PASTE)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_to_paste(name: str, part: str) -> None:
    assert blocks(name, part)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_ends_with_the_command_that_says_that_it_is_over(name: str) -> None:
    assert f'make customers ARGS="status {NAMED}"' in "".join(blocks(name, OVER))


@pytest.mark.parametrize("name", PAGES)
def test_what_is_pasted_exists_and_parses(name: str) -> None:
    for part in TO_PASTE:
        for block in blocks(name, part):
            check(block)


@pytest.mark.parametrize("name", PAGES)
def test_a_shell_takes_every_block(name: str) -> None:
    for part in TO_PASTE:
        for block in blocks(name, part):
            subprocess.run(["bash", "-n"], input=block, text=True, check=True)


@pytest.mark.parametrize("name", PAGES)
def test_a_command_in_the_text_is_to_be_pasted_only_if_it_is_in_a_block(name: str) -> None:
    """Otherwise it is written without arguments, as the name of a command."""
    shown = [span for span in PAGES[name].spans if span.startswith(("make ", "aws ", "python "))]

    assert [span for span in shown if not MAKE.fullmatch(span)] == []


@pytest.mark.parametrize(
    "block",
    [
        'make customers ARGS="redrive --gone --stack-name CustomersApiProduction"',
        'make customers ARGS="redrive --go"',
        "make upp",
        f"{KIT} -m consumer_kit redrive --queue value",
        f"{KIT} -m another redrive",
        "aws lamda list-functions",
        "aws lambda list-function",
        "aws lambda update-alias --function-name f --alias live",
        "aws lambda update-alias --function-name f --name",
        "aws events put-rule --event-pattern '{}'",
        "aws stepfunctions list-executions --state-machine-arn m --status-filter FAILURE",
        "aws dynamodb wait table-there --table-name t",
        "aws events put-targets --rule r --targets Id=1,Address=2",
        "aws cloudformation describe-stack-resource --stack-name s --logical-resource-id Nothing",
        "NAME=$(aws lambda list-function)",
        "sam logs",
    ],
)
def test_a_wrong_command_is_noticed(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((AssertionError, SystemExit, WrongCommand, ValueError, KeyError)):
        check(block)


def test_the_index_has_every_page() -> None:
    index = Page(PAGES["many-blocked"].path.parent / "README.md")

    assert {link.removesuffix(".md") for link in index.links if "/" not in link} >= PAGES.keys()
