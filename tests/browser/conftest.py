"""A headless Chromium in front of the stack under test."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.tools import chromium
from tests.e2e.target import Target
from tests.e2e.tokens import Person, person

# No calls home. No sandbox either: in a container it needs privileges that a test should not have.
# On a busy machine a function's first answer takes seconds.
expect.set_options(timeout=30_000)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# A name of a stranger's that resolves to this machine, as in DNS rebinding.
REBOUND = "rebound.example"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found.program,
            args=[*ARGUMENTS, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"],
            env={**os.environ, **found.variables},
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in its own session. The test fails if the page reports an error, such as a refused script or style."""
    context = browser.new_context()
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on(
        "console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield opened
    context.close()
    assert not errors


@pytest.fixture(scope="session")
def somebody(target: Target) -> Iterator[Person]:
    with person(target) as who:
        yield who
