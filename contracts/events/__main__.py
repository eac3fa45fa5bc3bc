"""Writes docs/events/ and docs/asyncapi.json: make contracts."""

import sys

from contracts.events.documents import Breaking, write
from local.environments import ROOT

try:
    for path in write():
        print(f"  {path.relative_to(ROOT)}")
except Breaking as broken:
    sys.exit(
        f"make contracts: nothing was written, as this would break those who read the events:\n{broken}\n"
        "Raise the model's schema_version and add an upcaster: events/upcasters.py says how."
    )
