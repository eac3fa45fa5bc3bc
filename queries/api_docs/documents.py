"""What the documentation consists of, and what a browser may do with it."""

import json
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any, Final
from urllib.parse import urlsplit

from shared.http.problems import NotFound
from shared.http.response import Response

# Swagger UI comes with Powertools, which is in the layer. Its resolver would bring routes and errors of its own.
SWAGGER_UI: Final = "event_handler/openapi/swagger_ui"
HERE: Final = Path(__file__).parent
# An hour: these change with a deployment only, and a browser that holds the old ones still works.
_KEPT: Final = "public, max-age=3600"
_SCRIPT, _STYLE, _PAGE = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a reader of the page gets a token.

    Attributes:
        client_id: The public client, for people.
        authorize: The sign-in page: an address, or a path of this host.
        token: Gives tokens; as above.
    """

    client_id: str
    authorize: str
    token: str


@dataclass(frozen=True, slots=True)
class Documents:
    """The documentation of one stack.

    Attributes:
        description: The OpenAPI document, as `make openapi` writes it: with places to fill in.
        powertools: The folder of the package that has Swagger UI.
    """

    description: str
    powertools: Path

    def page(self, sign_in: SignIn) -> Response:
        """The page.

        Args:
            sign_in: Where its reader signs in.
        """
        page = Template((HERE / "page.html").read_text()).substitute(client_id=escape(sign_in.client_id))
        return Response(HTTPStatus.OK, page, _guarded(sign_in.token), _PAGE)

    def openapi(self, sign_in: SignIn) -> Response:
        """The OpenAPI document, for this stack.

        Args:
            sign_in: Where tokens are given.
        """
        document: dict[str, Any] = json.loads(self.description)
        # Relative to the document itself: right behind a stage, behind a domain, and on the local AWS.
        document["servers"] = [{"url": ".", "description": "This stack."}]
        for flow in document["components"]["securitySchemes"]["oauth"]["flows"].values():
            flow["tokenUrl"] = sign_in.token
            if "authorizationUrl" in flow:
                flow["authorizationUrl"] = sign_in.authorize
        return Response(HTTPStatus.OK, json.dumps(document, ensure_ascii=False))

    def file(self, name: str) -> Response:
        """A part of the page.

        Args:
            name: As the page asks for it.

        Raises:
            NotFound: The page has no such part.
        """
        files = {
            "swagger-ui.js": (self.powertools / SWAGGER_UI / "swagger-ui-bundle.min.js", _SCRIPT),
            "swagger-ui.css": (self.powertools / SWAGGER_UI / "swagger-ui.min.css", _STYLE),
            "page.js": (HERE / "page.js", _SCRIPT),
            "oauth2-redirect.js": (HERE / "oauth2-redirect.js", _SCRIPT),
            "oauth2-redirect.html": (HERE / "oauth2-redirect.html", _PAGE),
        }
        if name not in files:
            raise NotFound("The documentation has no such part: it begins at /docs.")
        path, content_type = files[name]
        return Response(HTTPStatus.OK, path.read_text(), {**_guarded(), "Cache-Control": _KEPT}, content_type)


def _guarded(token_address: str = "") -> dict[str, str]:
    """Headers that let the page run its own scripts and talk to nobody but the API and the token endpoint."""
    address = urlsplit(token_address)
    tokens = f" {address.scheme}://{address.netloc}" if address.netloc else ""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"connect-src 'self'{tokens}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
