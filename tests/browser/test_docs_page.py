"""The documentation page as readers use it: open it, sign in on the hosted page, try a request."""

import pytest
from playwright.sync_api import Page, expect

from local import demo_user
from tests.browser.docs_page import execute, fill_in_hosted_page, opened, sign_in, unfolded
from tests.e2e.customers import a_person
from tests.e2e.target import Target
from tests.e2e.tokens import Person

# Pixels. A form with its fields and its answers fits on two screens.
TALLEST = 2000


def test_a_reader_signs_in_and_creates_reads_and_lists_customers(page: Page, target: Target, somebody: Person) -> None:
    customer = a_person()
    opened(page, target)
    sign_in(page, somebody)
    expect(page.locator("#who")).to_contain_text(somebody.email)

    created = execute(page, "createCustomer", customer)
    expect(created.locator(".status")).to_contain_text("201")
    expect(created).to_contain_text(str(customer["email"]))

    # The answer to the POST filled in the id and the token.
    read = execute(page, "getCustomer")
    expect(read.locator(".status")).to_contain_text("200")
    expect(read).to_contain_text(str(customer["email"]))
    expect(execute(page, "getAllCustomers").locator(".status")).to_contain_text("200")


def test_the_sign_in_outlives_a_reload_and_ends_when_the_reader_signs_out(
    page: Page, target: Target, somebody: Person
) -> None:
    opened(page, target)
    sign_in(page, somebody)
    assert "code=" not in page.url

    page.reload()
    expect(execute(page, "getAllCustomers").locator(".status")).to_contain_text("200")

    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#who")).to_have_text("Not signed in")
    assert page.url == f"{target.api}/docs"
    answer = execute(page, "getAllCustomers")
    expect(answer.locator(".status")).to_contain_text("401")
    expect(answer).to_contain_text('Choose "Sign in"')
    # The sign-in page does not remember the browser either.
    sign_in(page, somebody)


def test_another_tab_is_not_signed_in(page: Page, target: Target, somebody: Person) -> None:
    opened(page, target)
    sign_in(page, somebody)

    other = page.context.new_page()
    opened(other, target)
    expect(other.locator("#who")).to_have_text("Not signed in")


def test_the_link_that_make_up_prints_leads_to_a_signed_in_page(page: Page, target: Target, somebody: Person) -> None:
    page.goto(demo_user.sign_in_url({"ApiEndpoint": target.api}))
    fill_in_hosted_page(page, somebody)

    assert page.url == f"{target.api}/docs"


def test_the_page_gives_no_code_away_that_it_did_not_ask_for(page: Page, target: Target) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))

    opened(page, target, "/docs?code=stolen&state=guessed")

    expect(page.locator("#who")).to_contain_text("This tab did not start that sign-in")
    assert page.url == f"{target.api}/docs"
    assert not [url for url in sent if "/oauth2/" in url]


def test_a_refused_sign_in_says_why(page: Page, target: Target) -> None:
    opened(page, target)
    page.evaluate(
        """key => sessionStorage.setItem(key, '{"state": "s", "verifier": "v"}')""",
        f"sign-in {target.people_client_id} pending",
    )

    opened(page, target, "/docs?state=s&error=access_denied&error_description=Not+today")

    expect(page.locator("#who")).to_have_text("Not signed in: Not today.")


@pytest.mark.parametrize("path", ["/docs/", "/"])
def test_other_addresses_of_the_page_work(page: Page, target: Target, somebody: Person, path: str) -> None:
    opened(page, target, path)
    sign_in(page, somebody)

    assert page.url == f"{target.api}/docs"


def test_the_problem_of_an_answer_leads_to_its_page(page: Page, target: Target, somebody: Person) -> None:
    opened(page, target)
    sign_in(page, somebody)

    execute(page, "createCustomer", {}).get_by_role("link", name="What this problem means").click()

    expect(page.get_by_role("heading", name="Some fields are invalid")).to_be_visible()
    assert page.url == f"{target.api}/docs/problems/invalid-fields"


def test_an_unfolded_request_fits_on_two_screens(page: Page, target: Target) -> None:
    opened(page, target)

    box = unfolded(page, "createCustomer").bounding_box()

    assert box
    assert box["height"] < TALLEST


def test_everything_that_the_page_asks_for_is_there(page: Page, target: Target) -> None:
    answers: list[tuple[str, int]] = []
    page.on("response", lambda response: answers.append((response.url, response.status)))

    opened(page, target)

    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert page.request.get(f"{target.api}/{icon}").headers["content-type"] == "image/svg+xml"
    assert answers
    assert [answer for answer in answers if answer[1] != 200] == []
