"""Writes docs/events/ and docs/asyncapi.json: make contracts."""

import sys

from local.environments import ROOT
from operations.contracts.documents import Breaking, write

try:
    for path in write():
        print(f"  {path.relative_to(ROOT)}")
except Breaking as broken:
    sys.exit(
        f"make contracts: nothing was written, as this would break those who read the events:\n{broken}\n"
        "Raise the model's schema_version and add an upcaster: events/upcasters.py says how."
    )
