"""The hosted sign-in page of the local AWS, which is plain HTML, as a browser would go through it."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.tokens import Person


class _Form(HTMLParser):
    """Reads the one form of a page: where it goes, and what it already holds."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.action = attributes.get("action") or ""
        if tag == "input" and (name := attributes.get("name")):
            self.fields[name] = attributes.get("value") or ""


def sign_in(browser: httpx.Client, shown: httpx.Response, who: Person) -> httpx.Response:
    """Fill in the page and send it.

    Args:
        browser: Keeps cookies; follows no redirects.
        shown: The page.
        who: Signs in.
    """
    form = _Form()
    form.feed(shown.text)
    filled = form.fields | {"username": who.email, "password": who.password}
    return browser.post(shown.url.join(form.action), data=filled)


def query_of(redirect: httpx.Response) -> dict[str, str]:
    """The query of the address that an answer leads to."""
    assert redirect.status_code == 302, redirect.text
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect.headers["location"]).query).items()}
