"""Goes through the hosted sign-in page of the local AWS, which is plain HTML, as a browser would."""

import hashlib
import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.e2e.target import Target
from tests.e2e.tokens import READ, WRITE, Person, ask_token, encoded

CALLBACK: Final = "http://localhost:8976/callback"


class _Form(HTMLParser):
    """Reads the only form of a page: its target and the values that it already holds."""

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
    """Fill in the sign-in form and send it.

    Args:
        browser: Keeps cookies and follows no redirects.
        who: The person who signs in.
    """
    form = _Form()
    form.feed(shown.text)
    filled = form.fields | {"username": who.email, "password": who.password}
    return browser.post(shown.url.join(form.action), data=filled)


def query_of(redirect: httpx.Response) -> dict[str, str]:
    """The query parameters of the address that a response redirects to."""
    assert redirect.status_code == 302, redirect.text
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect.headers["location"]).query).items()}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in by authorization code. Its state and PKCE verifier are used once."""

    target: Target
    state: str
    verifier: str
    scope: str

    @classmethod
    def new(cls, target: Target, scope: str = f"openid {READ} {WRITE}") -> "Attempt":
        """Start a sign-in with a new state and a new verifier.

        Args:
            scope: The scopes to ask for, separated by spaces.
        """
        return cls(target, secrets.token_urlsafe(16), secrets.token_urlsafe(48), scope)

    @property
    def question(self) -> dict[str, str]:
        """The query parameters of the page."""
        return {
            "response_type": "code",
            "client_id": self.target.people_client_id,
            "redirect_uri": CALLBACK,
            "scope": self.scope,
            "state": self.state,
            "code_challenge": encoded(hashlib.sha256(self.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }

    def code(self, browser: httpx.Client, who: Person) -> str:
        """The code that the page returns for the right password."""
        page = browser.get(self.target.authorize_endpoint, params=self.question)
        assert page.status_code == 200, page.text
        redirect = sign_in(browser, page, who)
        assert redirect.headers["location"].startswith(f"{CALLBACK}?")
        answered = query_of(redirect)
        assert answered["state"] == self.state
        return answered["code"]

    def redeem(self, code: str, verifier: str | None = None) -> httpx.Response:
        """Exchange a code for tokens.

        Args:
            code: The code from the page.
            verifier: Replaces the right verifier.
        """
        form = {
            "grant_type": "authorization_code",
            "client_id": self.target.people_client_id,
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": verifier or self.verifier,
        }
        return ask_token(self.target, form)


def access_token_of(target: Target, who: Person) -> str:
    """The access token, with both scopes, of a person who signs in.

    Args:
        target: A local stack, because AWS's own page needs a browser that runs scripts.
        who: The person who signs in.
    """
    attempt = Attempt.new(target)
    with target.http() as browser:
        code = attempt.code(browser, who)
    return str(attempt.redeem(code).raise_for_status().json()["access_token"])
