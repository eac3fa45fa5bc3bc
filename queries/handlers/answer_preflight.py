"""OPTIONS of every route, if the stack's parameter `AllowedOrigins` lists some."""

from http import HTTPStatus

from shared.http.browsers import preflight_headers
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response


# A preflight has no token, and the route that it asks about checks its own parameters.
@endpoint(scope=None, parameters=None)
def handle(request: Request) -> Response:
    """Answer a browser that asks whether a page may call the API."""
    return Response(HTTPStatus.NO_CONTENT, headers=preflight_headers(request.headers.get("origin")))
