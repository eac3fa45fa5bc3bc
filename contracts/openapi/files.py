"""The files that `make openapi` writes: the OpenAPI document, and its requests for Postman and for editors."""

from pathlib import Path
from typing import Final

from contracts.openapi.document import FILE, openapi_document, rendered
from contracts.openapi.http_file import http_file
from contracts.openapi.postman import postman_collection
from contracts.openapi.postman import rendered as rendered_collection

POSTMAN: Final = FILE.with_name("postman-collection.json")
HTTP: Final = FILE.with_name("requests.http")


def files() -> dict[Path, str]:
    """Return the content of each file by path.

    Raises:
        ContractError: The code and the template differ, or an example is missing.
    """
    document = openapi_document()
    return {
        FILE: rendered(document),
        POSTMAN: rendered_collection(postman_collection(document)),
        HTTP: http_file(document),
    }
