"""Writes docs/openapi.json: `make openapi`."""

import sys

from contracts.errors import ContractError
from contracts.openapi.document import FILE, openapi_document, rendered

try:
    FILE.write_text(rendered(openapi_document()))
except ContractError as error:
    sys.exit(f"make openapi: nothing was written. {error}")
