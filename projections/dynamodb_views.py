"""Connects the views to their tables."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from events.store import EventStore
from projections.counting import CountingView
from projections.counting_projector import CountingProjector
from projections.dynamodb_count_transaction import CountTables
from projections.dynamodb_counted_rows import DynamoDbCountedRows
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.live import FedView
from projections.projector import Projector
from projections.read_model import RowStore
from projections.view import View
from projections.views import VIEWS
from shared.runtime.clock import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def rows_of(
    view: View,
    client: "DynamoDBClient",
    read_table: str,
    event_table: str,
    sleep: Callable[[float], None] = time.sleep,
) -> RowStore:
    """Return the rows of a view.

    Args:
        read_table: The read table's name.
        event_table: The event table's name.
        sleep: Waits between attempts; takes seconds.
    """
    if isinstance(view, CountingView):
        return DynamoDbCountedRows(CountTables(client, read_table, event_table), view, sleep)
    return DynamoDbReadModel(client, read_table, sleep, view)


def projector_of(view: View, rows: RowStore, store: EventStore, now: Callable[[], datetime] = utc_now) -> Projector:
    """Return what writes the rows of a view.

    Args:
        rows: The view's rows.
        store: The events, which are read for gaps and for the newest of a customer.
        now: Returns the current time, with a time zone.
    """
    if isinstance(view, CountingView):
        return CountingProjector(rows, store, view, now)
    return Projector(rows, store.read, now, view)


def fed_views(client: "DynamoDBClient", store: EventStore, read_table: str, event_table: str) -> list[FedView]:
    """Return every view with what keeps it up to date, in the order of projection."""
    return [
        FedView(
            view,
            projector_of(view, rows_of(view, client, read_table, event_table), store),
            DynamoDbGenerations(client, read_table, view),
        )
        for view in VIEWS
    ]
