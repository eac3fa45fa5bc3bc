"""What every write answers with, beside its body."""

from collections.abc import Mapping

from events.customer import CustomerEvent, State
from shared.http.consistency import HEADER, ConsistencyToken
from shared.runtime import tracing


def written(state: State, kind: type[CustomerEvent]) -> Mapping[str, str]:
    """The headers that name a write: its version, and the token that lets a later GET wait for it.

    The trace is marked with the same, so that it is found by them.

    Args:
        state: The customer as the write left them.
        kind: The event that a write of this kind leads to.
    """
    tracing.mark(tracing.marks(state.id, state.version, kind.type()))
    token = ConsistencyToken(state.id, state.version).encode()
    return {"ETag": f'"{state.version}"', HEADER: token}
