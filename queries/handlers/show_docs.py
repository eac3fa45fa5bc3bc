"""GET /, GET /docs, GET /docs/{file}, GET /docs/problems, GET /docs/problems/{problem} and GET /openapi.json."""

from http import HTTPStatus

from queries.api_docs.addresses import documentation_at, root_of
from queries.api_docs.documents import HERE, Documents, SignIn
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response

documents = Documents((HERE / "openapi.json").read_text(encoding="utf-8"), HERE / "problems")


# Sign-in returns to /docs with parameters of its own, so all are ignored.
@endpoint(scope=None, parameters=None)
def handle(request: Request) -> Response:
    """Show the documentation, one of its files, or the page of a problem."""
    match request.route:
        case "/":
            return _redirect(request)
        case "/docs/{file}":
            return documents.file(request.path["file"])
        case "/docs/problems" | "/docs/problems/{problem}":
            return documents.problem(request.path.get("problem", ""), _root(request))
        case "/openapi.json":
            return documents.openapi(_sign_in(request))
        case _:
            return documents.page(_sign_in(request), _root(request))


def _sign_in(request: Request) -> SignIn:
    # Stage variables, not settings of the function: otherwise client, API and function would depend on each other.
    stage = request.stage_variables
    return SignIn(stage["UserPoolClientId"], stage["AuthorizeEndpoint"], stage["TokenEndpoint"])


def _root(request: Request) -> str:
    return root_of(request.route, request.address)


def _redirect(request: Request) -> Response:
    path = documentation_at(request.address, request.stage_variables.get("PathPrefix", ""))
    return Response(HTTPStatus.FOUND, headers={"Location": path})
