"""The deliberate defects, as small replacements in our own modules."""

from typing import Final

from tests.simulation import wiring  # noqa: F401 - before any handler is imported
from tests.simulation.mutations.base import Mutation
from tests.simulation.mutations.claiming import CLAIMS
from tests.simulation.mutations.commanding import COMMANDS
from tests.simulation.mutations.consuming import CONSUMERS
from tests.simulation.mutations.counting import COUNTS
from tests.simulation.mutations.gating import GATES
from tests.simulation.mutations.operating import MAPPING, OPERATIONS
from tests.simulation.mutations.projecting import PROJECTOR, QUERIES, READ_TABLE
from tests.simulation.mutations.searching import SEARCHES
from tests.simulation.mutations.sharding import SHARDS

MUTATIONS: Final = (
    *READ_TABLE, *PROJECTOR, *COMMANDS, *QUERIES, *MAPPING, *OPERATIONS, *SHARDS, *GATES, *CLAIMS, *CONSUMERS,
    *SEARCHES, *COUNTS,
)  # fmt: skip

__all__ = ["MUTATIONS", "Mutation"]
