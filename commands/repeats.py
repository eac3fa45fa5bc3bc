"""Recognises a repeat of an earlier command without reading the customer's history.

| The command has | Where its event can be |
|---|---|
| an Idempotency-Key | at the versions whose fingerprints match, for the latest `MOST_REMEMBERED` changes |
| an If-Match only | right after a version that it names |
| neither | nowhere: such a repeat is a new command |

A later repeat of a command with a key counts as a new command.
"""

from collections.abc import Iterator
from typing import Final

from commands.context import Context
from events.envelope import Event, Recorded
from events.recent_commands import commands_before, versions_of
from events.store import EventStore

# An If-Match may list any number of versions. A repeat that was made onto an older one of them is refused as stale.
_MOST_SEEN: Final = 20


def earlier_attempt(store: EventStore, newest: Recorded, context: Context) -> Event | None:
    """The event that an earlier attempt of a command appended; None if there is none.

    Args:
        newest: The customer's newest event.

    Raises:
        KeyReused: The Idempotency-Key belongs to a different command.
    """
    if isinstance(newest, Event) and context.caused(newest):
        return newest
    for version in _versions(store, newest, context):
        record = store.get(newest.customer_id, version)
        if isinstance(record, Event) and context.caused(record):
            return record
    return None


def _versions(store: EventStore, newest: Recorded, context: Context) -> Iterator[int]:
    if context.keyed:
        before = commands_before(store, newest)
        yield from versions_of(context.metadata.command_id, before, newest.version)
    else:
        following = (version + 1 for version in sorted(context.by_version, reverse=True)[:_MOST_SEEN])
        yield from (version for version in following if version < newest.version)
