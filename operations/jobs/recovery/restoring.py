"""Restores the tables of a stack, points the stack at them, and checks that they are as protected as before.

The event table gets another name, because the damaged one may still exist, and because a restore to another time is
never possible in place. Any other table is restored only if it is gone, under its own name: the projection and the
claims can be made again from the events, and the notes and the log of erasures must stay as new as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from operations.errors import CommandError
from operations.jobs.recovery.tables import TableState
from operations.stack import Stack

EVENT_TABLE: Final = "EventTable"
# In this order, because whatever is done next needs the events first.
TABLES: Final = (EVENT_TABLE, "ClaimsTable", "ErasuresTable", "ErasureLogTable", "ReadTable")


@dataclass(frozen=True, slots=True)
class RestoredTable:
    """A table of the stack after the restore.

    Attributes:
        output: The stack's output that names it.
        source: The name of the table from whose backup it was made; empty if it did not have to be restored.
        state: The table.
    """

    output: str
    source: str
    state: TableState


def restored_name(stack: Stack) -> str:
    """The name of the event table of the next epoch."""
    return f"{stack.tables[EVENT_TABLE].removesuffix(f'-{stack.epoch}')}-{stack.epoch + 1}"


def restore_tables(stack: Stack, at: datetime | None) -> Iterator[RestoredTable]:
    """Restore the event table to a new one, and every other table that is gone. The same call continues after a cut.

    Args:
        at: The second to which the event table is restored, with a time zone; None for the latest that is possible.

    Yields:
        Each table once it can be used.

    Raises:
        CommandError: There is no backup.
    """
    states = {output: stack.control.state(stack.tables[output]) for output in TABLES}
    key_arn = next((state.key_arn for state in states.values() if state and state.key_arn), "")
    gone = [output for output in TABLES if output != EVENT_TABLE and states[output] is None]
    # After a cut, the restore of the events is under way already.
    if stack.control.state(restored_name(stack)) is None:
        _restore_events(stack, states[EVENT_TABLE], at, key_arn)
    for output in gone:
        stack.control.restore_deleted(stack.tables[output], stack.tables[output], key_arn)
    tags = next((stack.control.tags(state) for state in states.values() if state), ())
    for output in TABLES:
        is_events = output == EVENT_TABLE
        name = restored_name(stack) if is_events else stack.tables[output]
        is_restored = is_events or output in gone
        state = stack.control.protect(
            name, tags if is_restored else (), with_stream=is_events, deletable=_is_deletable(stack)
        )
        yield RestoredTable(output, stack.tables[output] if is_restored else "", state)


def _is_deletable(stack: Stack) -> bool:
    """Whether the stack's tables may be deleted, as its parameters say."""
    return stack.is_local or stack.parameters.values().get("DeletionProtection") == "false"


def _restore_events(stack: Stack, found: TableState | None, at: datetime | None, key_arn: str) -> None:
    source, target = stack.tables[EVENT_TABLE], restored_name(stack)
    if found:
        stack.control.restore(found, target, at)
    elif at is None:
        stack.control.restore_deleted(source, target, key_arn)
    else:
        raise CommandError(
            f"The table {source} was deleted, and DynamoDB keeps only its last state: leave out --to to restore that."
        )


def point_at_restored(stack: Stack) -> TableState:
    """Let the stack use the restored event table, and publish its events in the next epoch.

    New versions of the functions take over at once: the check before a gradual deployment needs an open API.

    Raises:
        CommandError: There is no restored table, or the stack cannot be updated.
    """
    name = restored_name(stack)
    state = stack.control.state(name)
    if state is None or not state.is_active or not state.stream_label:
        raise CommandError(f"There is no table {name} with a stream: 'recover restore' makes it.")
    stack.parameters.change(
        {
            "EventTableName": name,
            "EventStreamLabel": state.stream_label,
            "Epoch": str(stack.epoch + 1),
            "GradualDeployment": "false",
        }
    )
    return state


def shortcomings(stack: Stack) -> Iterator[tuple[str, str]]:
    """What the stack's tables lack.

    Yields:
        The output that names a table, and what it lacks.
    """
    states = {output: stack.control.state(stack.tables[output]) for output in TABLES}
    keys = {state.key_arn for state in states.values() if state} - {""}
    for output, state in states.items():
        if state is None:
            yield output, "does not exist"
            continue
        if output == EVENT_TABLE and not state.stream_label:
            yield output, "has no stream of new images"
        if not state.is_recoverable:
            yield output, "has no point-in-time recovery"
        if not state.is_protected and not _is_deletable(stack):
            yield output, "has no deletion protection"
        if keys and state.key_arn not in keys:
            yield output, "is not encrypted with the key of the other tables"
    values = stack.parameters.values()
    if values.get("EventTableName") and values.get("Epoch") == "1":
        yield EVENT_TABLE, "was restored, but the epoch is 1: consumers take new events for repeats"
