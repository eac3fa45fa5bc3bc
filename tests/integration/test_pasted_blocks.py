"""Every block of the README and of the guides is pasted into one shell, in the order of the pages.

A proxy that does not exist is set in the shell: requests to the local stack must not go through it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from local.environments import ROOT
from local.home import StackHome
from projections.dynamodb_generations import DynamoDbGenerations
from tests.integration.aws import Aws
from tests.integration.pasted import Block, blocks, difference
from tests.integration.settled import let_a_minute_pass
from tests.integration.shell import FAILED, Shell
from tests.unit.docs.pages import FIRST_REQUESTS, README, TOUR, Page

PAGES: Final = [README, FIRST_REQUESTS, TOUR, *(Page(path) for path in sorted((ROOT / "docs/how-to").glob("*.md")))]
# Page -> why none of its blocks is pasted.
PAGES_LEFT_OUT: Final = {
    "docs/how-to/add-a-field.md": "changes the sources; tests/copies/test_add_a_field.py follows it in a copy",
    "docs/how-to/add-a-projection.md": "adds sources; tests/copies/test_add_a_projection.py follows it in a copy",
    "docs/how-to/attach-a-consumer.md": "needs AWS, or a consumer of one's own with its table and queue",
    "docs/how-to/deploy.md": "needs AWS",
    "docs/how-to/first-hour.md": "needs AWS",
    "docs/how-to/generate-a-client.md": "needs tools of other registries; tests/clients runs it with pinned ones",
    "docs/how-to/get-a-token.md": "needs AWS; on this machine, make token does the same",
    "docs/how-to/invoke-with-sam-local.md": "needs Docker",
    "docs/how-to/make-it-yours.md": "copies the project; tests/copies/test_adopt.py follows it",
    "docs/how-to/recover-from-disaster.md": "needs AWS",
    "docs/how-to/run-the-pipeline.md": "needs AWS; the end-to-end walk runs it on this machine in 20 minutes",
    "docs/how-to/tear-down.md": "needs AWS",
}
# The first command of a block -> why it is not pasted.
BLOCKS_LEFT_OUT: Final = {
    "make test": "this test is a part of it",
    "make openapi": "writes into the sources",
    "make check": "takes minutes and runs by itself in CI",
    'git tag --annotate v0.2.0 --message "Release 0.2.0"': "publishes a release",
    "KIT=consumer-kit-$(.local/venvs/dev/bin/python -c 'import consumer_kit; print(consumer_kit.__version__)')": (
        "publishes a version of the kit"
    ),
    ".local/venvs/dev/bin/python -m tests.releases.golden --name 0.2.0": "needs a release's tag",
    'make customers ARGS="rebuild all"': "does at once what the blocks after it do one by one, and they are pasted",
    'make customers ARGS="rebuild rollback"': "refused until a minute after the switch; test_operations.py waits",
    'make customers ARGS="rebuild retire"': "rows can be removed only a minute after it; test_operations.py waits",
    'make customers ARGS="backfill --queue orders-customers"': "needs another team's queue; test_backfill.py has one",
}
BLOCKS_LEFT_OUT_FOR_AWS: Final = ("aws ", "sam ")
# The first command of a block -> why its answer differs from the one shown.
ANSWERS_LEFT_OUT: Final = {
    "make up": "it starts nothing, because the stack runs; test_make_up_and_status_say_where_to_go reads it",
    'make customers ARGS="parked"': "nobody is parked here; test_operations.py parks somebody",
}


def first_command(block: Block) -> str:
    return block.commands.splitlines()[0]


def pasted() -> Iterator[Block]:
    """Each block once: the second of two equal ones shows what happens when something is wrong."""
    seen: set[str] = set()
    for page in PAGES:
        for block in blocks(page):
            first = first_command(block)
            if str(page) in PAGES_LEFT_OUT or first in BLOCKS_LEFT_OUT or first.startswith(BLOCKS_LEFT_OUT_FOR_AWS):
                continue
            # The requests name the customer that the blocks before them created.
            if block.commands not in seen or "$" in block.commands:
                yield block
            seen.add(block.commands)


@pytest.fixture(scope="module")
def shell(home: StackHome, aws: Aws, outputs: Mapping[str, str]) -> Iterator[Shell]:
    """A shell in the project's folder whose make targets find the stack of the tests."""
    nowhere = "http://127.0.0.1:9"
    variables = {"STACK_HOME": str(home.folder), "http_proxy": nowhere, "HTTP_PROXY": nowhere, "no_proxy": ""}
    with Shell(variables) as opened:
        yield opened
        # Or later tests would feed the generation of this rebuild too, and find what is left of it.
        opened.run('make customers ARGS="rebuild retire"')
        let_a_minute_pass(DynamoDbGenerations(aws.dynamodb, outputs["ReadTable"]))
        opened.run('make customers ARGS="rebuild remove"')


@pytest.fixture(scope="module")
def printed_before() -> dict[str, str]:
    """First command of each block so far -> what the block printed."""
    return {}


@pytest.mark.parametrize("block", list(pasted()), ids=str)
def test_a_block_does_what_its_page_says(shell: Shell, block: Block, printed_before: dict[str, str]) -> None:
    printed = printed_before[first_command(block)] = shell.run(block.commands)

    assert FAILED not in printed, printed
    if first_command(block) not in ANSWERS_LEFT_OUT:
        assert not difference(block, printed), printed


def test_the_request_of_the_readme_answers_the_same_a_second_time(shell: Shell) -> None:
    """As the page promises, and with the variables that its block left in the shell."""
    [block] = [block for block in blocks(README) if block.language == "http"]
    request = block.commands[block.commands.index("curl") :]

    first, second = (shell.run(request).partition("\n\n")[2] for _ in range(2))

    assert '"id":' in first
    assert first == second


def test_what_is_left_out_is_still_there() -> None:
    found = [block for page in PAGES for block in blocks(page)]
    firsts = [first_command(block) for block in found if block.page not in PAGES_LEFT_OUT]

    assert set(PAGES_LEFT_OUT) <= {block.page for block in found}
    assert set(BLOCKS_LEFT_OUT) | set(ANSWERS_LEFT_OUT) <= set(firsts)


def test_make_up_and_status_say_where_to_go(shell: Shell, printed_before: dict[str, str]) -> None:
    up = printed_before.get("make up") or shell.run("make up")
    status = shell.run("make status")
    api = shell.run("make -s output NAME=ApiEndpoint").strip()

    for line in (f"  API       {api}", f"  Docs      {api}/docs", f"  Sign in   {api}/docs#sign-in", "  What now?"):
        assert line in up.splitlines()
        assert line in status.splitlines()
    [request] = [line.removeprefix("  Try") for line in status.splitlines() if line.startswith("  Try ")]
    assert request in up
    assert shell.run(request).startswith('{"customers":')
