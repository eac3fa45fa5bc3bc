"""Writes docs/events/ and docs/asyncapi.json: `make contracts`."""

import sys

from contracts.errors import ContractError
from contracts.events.documents import write
from local.environments import ROOT

try:
    for path in write():
        print(f"  {path.relative_to(ROOT)}")
except ContractError as error:
    sys.exit(f"make contracts: nothing was written. {error}")
