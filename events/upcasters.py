"""Upcasts stored data from older schema versions to the current one, one version at a time.

To change an event's stored shape: increase its model's `schema_version`, add an upcaster from the previous version
here, and add a stored sample to tests/golden/. If the change would break a consumer, increase `published_version` too,
and run `make contracts` to write the new schema beside the old one. An optional field breaks none. The chain is checked
when this module is imported, so that a missing upcaster fails the deployment and not the projection.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from events.customer import CustomerCreated, CustomerErased, CustomerEvent, CustomerUpdated

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]
Steps = Mapping[tuple[str, int], Upcaster]

MODELS: Final[tuple[type[CustomerEvent], ...]] = (CustomerCreated, CustomerUpdated, CustomerErased)

# (type, version) -> the upcaster from that version to the next.
STEPS: Final[Steps] = {}


class BrokenChain(Exception):
    """Not every stored version of an event can be upcast to the current one."""


def check_chain(models: Iterable[type[CustomerEvent]], steps: Steps) -> None:
    """Check that every older version of every event has exactly one upcaster, and that no other upcaster exists.

    Args:
        models: Each event's current model.
        steps: The upcasters, in the form of `STEPS`.

    Raises:
        BrokenChain: An upcaster is missing or superfluous. The message names it.
    """
    needed = {(model.type(), version) for model in models for version in range(1, model.schema_version)}
    if missing := sorted(needed - steps.keys()):
        raise BrokenChain(f"no upcaster from {', '.join(f'{name} {version}' for name, version in missing)}")
    if unused := sorted(steps.keys() - needed):
        raise BrokenChain(
            f"no event needs the upcaster from {', '.join(f'{name} {version}' for name, version in unused)}"
        )


def upcast(data: Data, event_type: str, version: int, current: int, steps: Steps = STEPS) -> Data:
    """Upcast an event's data.

    Args:
        data: The data as stored.
        version: The schema version of `data`.
        current: The schema version to return.
        steps: The upcasters, in the form of `STEPS`.
    """
    for step in range(version, current):
        data = steps[event_type, step](data)
    return data


check_chain(MODELS, STEPS)
