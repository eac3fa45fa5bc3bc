"""Writes docs/openapi.json, docs/postman-collection.json and docs/requests.http: `make openapi`."""

import sys

from contracts.errors import ContractError
from contracts.openapi.files import files

try:
    for path, text in files().items():
        path.write_text(text)
except ContractError as error:
    sys.exit(f"make openapi: nothing was written. {error}")
