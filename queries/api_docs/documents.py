"""The parts of the documentation, and the headers that limit what the page may do in a browser."""

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

# Swagger UI is taken from Powertools, which is in the layer. Powertools' resolver would add its own routes and errors.
SWAGGER_UI: Final = "event_handler/openapi/swagger_ui"
HERE: Final = Path(__file__).parent
# An hour: these files change only with a deployment, and a browser with the old ones still works.
_CACHE_CONTROL: Final = "public, max-age=3600"
_SCRIPT, _STYLE, _PAGE = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "text/html; charset=utf-8"


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


@dataclass(frozen=True, slots=True)
class Documents:
    """The documentation of one stack.

    Attributes:
        description: The OpenAPI document as `make openapi` writes it, with placeholder URLs.
        powertools: The folder of the Powertools package, which contains Swagger UI.
    """

    description: str
    powertools: Path

    def page(self, sign_in: SignIn) -> Response:
        """Return the page."""
        page = Template((HERE / "page.html").read_text()).substitute(client_id=escape(sign_in.client_id))
        return Response(HTTPStatus.OK, page, _security_headers(sign_in.token), _PAGE)

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
        """Return a file that the page loads.

        Raises:
            NotFound: The page has no such file.
        """
        files = {
            "swagger-ui.js": (self.powertools / SWAGGER_UI / "swagger-ui-bundle.min.js", _SCRIPT),
            "swagger-ui.css": (self.powertools / SWAGGER_UI / "swagger-ui.min.css", _STYLE),
            "page.js": (HERE / "page.js", _SCRIPT),
            "oauth2-redirect.js": (HERE / "oauth2-redirect.js", _SCRIPT),
            "oauth2-redirect.html": (HERE / "oauth2-redirect.html", _PAGE),
        }
        if name not in files:
            raise NotFound("The documentation has no such file: open /docs.")
        path, content_type = files[name]
        return Response(
            HTTPStatus.OK, path.read_text(), {**_security_headers(), "Cache-Control": _CACHE_CONTROL}, content_type
        )


def _security_headers(token_url: str = "") -> dict[str, str]:
    """Allow the page to run only its own scripts, and to connect only to the API and the token endpoint."""
    url = urlsplit(token_url)
    token_origin = f" {url.scheme}://{url.netloc}" if url.netloc else ""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        f"connect-src 'self'{token_origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
