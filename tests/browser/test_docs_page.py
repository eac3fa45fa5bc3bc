"""The documentation page as readers use it: open it, sign in on the hosted page, try a request."""

import json

from playwright.sync_api import Locator, Page, expect

from tests.e2e.customers import a_person
from tests.e2e.target import Target
from tests.e2e.tokens import Person


def opened(page: Page, target: Target) -> None:
    page.goto(f"{target.api}/docs")
    expect(page.locator(".opblock")).to_have_count(5)


def sign_in(page: Page, who: Person) -> None:
    """Sign in by authorization code with PKCE in the window that the documentation opens."""
    page.get_by_role("button", name="Authorize").first.click()
    flow = page.locator(".auth-container", has_text="authorizationCode with PKCE")
    for scope in flow.locator("input[type=checkbox]").all():
        scope.check(force=True)
    with page.expect_popup() as window:
        flow.locator("button.authorize").click()
    hosted = window.value
    hosted.fill("input[name=username]", who.email)
    hosted.fill("input[name=password]", who.password)
    with hosted.expect_event("close"):
        hosted.locator("[type=submit]").click()
    expect(flow).to_contain_text("Authorized")
    page.get_by_role("button", name="Close").first.click()


def execute(page: Page, operation: str, body: object = None) -> Locator:
    """The live response of an operation after "Try it out"."""
    block = page.locator(f"#operations-customers-{operation}")
    block.locator(".opblock-summary-control").click()
    if body is not None:
        block.locator("textarea.body-param__text").fill(json.dumps(body))
    block.locator("button.execute").click()
    return block.locator(".live-responses-table")


def test_a_reader_signs_in_and_creates_a_customer(page: Page, target: Target, somebody: Person) -> None:
    customer = a_person()
    opened(page, target)
    sign_in(page, somebody)

    answer = execute(page, "createCustomer", customer)

    expect(answer).to_contain_text("201")
    expect(answer).to_contain_text(str(customer["email"]))
    expect(execute(page, "getAllCustomers")).to_contain_text("200")


def test_a_request_without_a_token_is_refused(page: Page, target: Target) -> None:
    opened(page, target)

    expect(execute(page, "getAllCustomers")).to_contain_text("401")


def test_the_redirect_gives_no_code_to_a_page_that_did_not_ask_for_it(page: Page, target: Target) -> None:
    page.goto(f"{target.api}/docs/oauth2-redirect.html?code=stolen&state=guessed")

    expect(page.locator("#state")).to_contain_text("Open the documentation and sign in there")
