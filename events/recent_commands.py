"""Which commands caused the latest events of a customer, as a short text that travels with the newest event.

A change must recognise a repeat of an earlier command without reading the history. So each event carries a fingerprint
of the command of every event before it, the newest first, up to `MOST_REMEMBERED`. The place of a fingerprint is the
version of its event, so a match is looked up and compared exactly. Four characters are 24 bits: a chance match costs
one read of an event, and happens once in 400,000 changes.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Final

from events.envelope import Event, Recorded
from events.store import EventStore

MOST_REMEMBERED: Final = 40
"""For how many later changes of a customer a command is recognised."""

_WIDTH: Final = 4
_UNKNOWN: Final = "----"


def commands_before(store: EventStore, newest: Recorded) -> str:
    """The fingerprints of the commands before a customer's newest event.

    An event of an older release does not carry them. Then the latest events are read once.
    """
    expected = _WIDTH * min(newest.version - 1, MOST_REMEMBERED)
    if isinstance(newest, Event) and len(newest.recent_commands) == expected:
        return newest.recent_commands
    first = max(1, newest.version - MOST_REMEMBERED)
    found = {record.version: record for record in store.read(newest.customer_id, after_version=first - 1)}
    return "".join(_fingerprint_of(found.get(version)) for version in range(newest.version - 1, first - 1, -1))


def commands_up_to(store: EventStore, newest: Recorded) -> str:
    """What the event after a customer's newest one carries."""
    return (_fingerprint_of(newest) + commands_before(store, newest))[: _WIDTH * MOST_REMEMBERED]


def versions_of(command_id: str, before: str, version: int) -> Iterator[int]:
    """The versions of the events that a command may have caused.

    Args:
        before: The result of `commands_before`.
        version: The version of the newest event.
    """
    wanted = fingerprint(command_id)
    for place in range(0, len(before), _WIDTH):
        if before[place : place + _WIDTH] == wanted:
            yield version - 1 - place // _WIDTH


def fingerprint(command_id: str) -> str:
    """The fingerprint of a command: four characters."""
    return base64.urlsafe_b64encode(hashlib.sha256(command_id.encode()).digest()[:3]).decode()


def _fingerprint_of(record: Recorded | None) -> str:
    return fingerprint(record.metadata.command_id) if isinstance(record, Event) else _UNKNOWN
