"""What every write answers with, beside its body."""

from collections.abc import Mapping

from events.customer import State
from shared.http.consistency import HEADER, ConsistencyToken


def written(state: State) -> Mapping[str, str]:
    """The headers that name a write: its version, and the token that lets a later GET wait for it.

    Args:
        state: The customer as the write left them.
    """
    token = ConsistencyToken(state.id, state.version).seal()
    return {"ETag": f'"{state.version}"', HEADER: token}
