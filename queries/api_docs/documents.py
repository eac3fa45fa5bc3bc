"""The parts of the documentation, and the headers that limit what its pages may do in a browser."""

import json
import re
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from queries.api_docs.markdown import rendered, title_of
from shared.http.problems import NotFound
from shared.http.response import Response

HERE: Final = Path(__file__).parent
# An hour: these files change only with a deployment, and a browser with the old ones still works.
_CACHE_CONTROL: Final = "public, max-age=3600"
_PAGE: Final = "text/html; charset=utf-8"
_KINDS: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FILES: Final = ("page.css", "favicon.svg", "page.js", "sign-in.js", "operation.js", "request.js", "elements.js")
_INDEX: Final = "README"
_SLUG: Final = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a reader of the page gets a token.

    Attributes:
        client_id: The public client, for people.
        authorize: The sign-in page: a URL, or a path on this host.
        token: The token endpoint: a URL, or a path on this host.
    """

    client_id: str
    authorize: str
    token: str

    @property
    def logout(self) -> str:
        """Where the sign-in page forgets the browser: a URL, or a path on this host."""
        return urljoin(self.authorize, "/logout")


@dataclass(frozen=True, slots=True)
class Documents:
    """The documentation of one stack.

    Attributes:
        description: The OpenAPI document as `make openapi` writes it, with placeholder URLs.
        problems: The folder with a Markdown page for each problem.
    """

    description: str
    problems: Path

    def page(self, sign_in: SignIn, root: str) -> Response:
        """Return the page.

        Args:
            root: The API's base address, relative to the page's: empty, or ending with a slash.
        """
        values = {
            "root": root,
            "client_id": sign_in.client_id,
            "authorize": sign_in.authorize,
            "token": sign_in.token,
            "logout": sign_in.logout,
        }
        return _page("page.html", values, sign_in.token)

    def problem(self, slug: str, root: str) -> Response:
        """Return the page of one problem, or the list of all problems for an empty slug.

        Args:
            root: The API's base address, relative to the page's.

        Raises:
            NotFound: There is no such problem.
        """
        page = self.problems / f"{slug or _INDEX}.md"
        if (slug and not _SLUG.fullmatch(slug)) or not page.is_file():
            raise NotFound("There is no such problem: /docs/problems lists them all.")
        text = page.read_text(encoding="utf-8")
        return _page("problem.html", {"root": root, "title": title_of(text)}, article=rendered(text, f"{root}docs/"))

    def openapi(self, sign_in: SignIn) -> Response:
        """Return the OpenAPI document with this stack's URLs."""
        document: dict[str, Any] = json.loads(self.description)
        # Relative to the document itself, so it holds for a stage path, a custom domain and the local AWS.
        document["servers"] = [{"url": ".", "description": "This stack."}]
        for flow in document["components"]["securitySchemes"]["oauth"]["flows"].values():
            flow["tokenUrl"] = sign_in.token
            if "authorizationUrl" in flow:
                flow["authorizationUrl"] = sign_in.authorize
        return Response(HTTPStatus.OK, json.dumps(document, ensure_ascii=False))

    def file(self, name: str) -> Response:
        """Return a file that the pages load.

        Raises:
            NotFound: The pages have no such file.
        """
        if name not in _FILES:
            raise NotFound("The documentation has no such file: open /docs.")
        path = HERE / name
        headers = {**_security_headers(), "Cache-Control": _CACHE_CONTROL}
        return Response(HTTPStatus.OK, path.read_text(encoding="utf-8"), headers, _KINDS[path.suffix])


def _page(file: str, values: dict[str, str], token_url: str = "", article: str = "") -> Response:
    escaped = {name: escape(value) for name, value in values.items()}
    text = Template((HERE / file).read_text(encoding="utf-8")).substitute(escaped, article=article)
    return Response(HTTPStatus.OK, text, _security_headers(token_url), _PAGE)


def _security_headers(token_url: str = "") -> dict[str, str]:
    """Allow a page to run only its own scripts, and to connect only to the API and the token endpoint."""
    url = urlsplit(token_url)
    token_origin = f" {url.scheme}://{url.netloc}" if url.netloc else ""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self'{token_origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
