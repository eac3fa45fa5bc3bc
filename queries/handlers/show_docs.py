"""GET /docs, GET /docs/{file} and GET /openapi.json."""

from pathlib import Path

import aws_lambda_powertools

from queries.api_docs.documents import HERE, Documents, SignIn
from shared.http.endpoint import endpoint
from shared.http.request import Request
from shared.http.response import Response

documents = Documents((HERE / "openapi.json").read_text(), Path(aws_lambda_powertools.__file__).parent)


@endpoint(scope=None)
def handle(request: Request) -> Response:
    """Show the documentation, or a part of it."""
    if request.route == "/docs/{file}":
        return documents.file(request.path["file"])
    # The stage knows them; were they settings of the function, client, API and function would wait for each other.
    stage = request.stage_variables
    sign_in = SignIn(stage["UserPoolClientId"], stage["AuthorizeEndpoint"], stage["TokenEndpoint"])
    return documents.openapi(sign_in) if request.route == "/openapi.json" else documents.page(sign_in)
