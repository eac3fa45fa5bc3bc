"""GET /docs, GET /docs/{file} and GET /openapi.json."""

from pathlib import Path

import aws_lambda_powertools

from queries.api_docs.documents import HERE, Documents, SignIn
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response

documents = Documents((HERE / "openapi.json").read_text(), Path(aws_lambda_powertools.__file__).parent)


# Sign-in returns to one of these routes with parameters of its own, so all are ignored.
@endpoint(scope=None, parameters=None)
def handle(request: Request) -> Response:
    """Show the documentation or one of its files."""
    if request.route == "/docs/{file}":
        return documents.file(request.path["file"])
    # Stage variables, not settings of the function: otherwise client, API and function would depend on each other.
    stage = request.stage_variables
    sign_in = SignIn(stage["UserPoolClientId"], stage["AuthorizeEndpoint"], stage["TokenEndpoint"])
    return documents.openapi(sign_in) if request.route == "/openapi.json" else documents.page(sign_in)
