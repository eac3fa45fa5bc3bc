"""Brings stored data of older schema versions to the current one, one version at a time.

To change an event's shape: raise its model's `schema_version`, add the step from the version before here, add a stored
sample to tests/golden/, and let `make contracts` write the new version's schema beside the old one's. The chain is
checked when this module is imported, so that a missing step stops a deployment and not a projection.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from events.customer import CustomerCreated, CustomerErased, CustomerEvent, CustomerUpdated

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]
Steps = Mapping[tuple[str, int], Upcaster]

MODELS: Final[tuple[type[CustomerEvent], ...]] = (CustomerCreated, CustomerUpdated, CustomerErased)

# (type, the version it starts from) -> the data one version later.
STEPS: Final[Steps] = {}


class BrokenChain(Exception):
    """An event's stored versions cannot all be brought to the current one."""


def check_chain(models: Iterable[type[CustomerEvent]], steps: Steps) -> None:
    """Demand one step from every version of every event to the next, and none besides.

    Args:
        models: Each event's current model.
        steps: As `STEPS`.

    Raises:
        BrokenChain: Names what is missing or too many.
    """
    needed = {(model.type(), version) for model in models for version in range(1, model.schema_version)}
    if missing := sorted(needed - steps.keys()):
        raise BrokenChain(f"no upcaster from {', '.join(f'{name} {version}' for name, version in missing)}")
    if unused := sorted(steps.keys() - needed):
        raise BrokenChain(
            f"an upcaster that leads nowhere: {', '.join(f'{name} {version}' for name, version in unused)}"
        )


def upcast(data: Data, event_type: str, version: int, current: int, steps: Steps = STEPS) -> Data:
    """Bring data to the current version.

    Args:
        data: As stored.
        event_type: The event's type.
        version: Its stored schema version.
        current: The version wanted.
        steps: As `STEPS`.
    """
    for step in range(version, current):
        data = steps[event_type, step](data)
    return data


check_chain(MODELS, STEPS)
