"""What the maintenance of one view works with."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from projections.customers import CUSTOMERS
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_views import rows_of
from projections.generations import GenerationStore
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from projections.maintenance.progress import ProgressStore
from projections.read_model import RowStore
from projections.view import View
from projections.views import VIEWS, view_named

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

StoresByName = Mapping[str, "ViewStores"]


@dataclass(frozen=True, slots=True)
class ViewStores:
    """A view's part of the read table.

    Attributes:
        rows: The view's rows.
        generations: The view's record of generations.
        progress: The checkpoints of jobs on this view.
    """

    view: View
    rows: RowStore
    generations: GenerationStore
    progress: ProgressStore


def stores_of_views(
    client: "DynamoDBClient", read_table: str, event_table: str, sleep: Callable[[float], None] = time.sleep
) -> dict[str, ViewStores]:
    """Return the stores of every view, by its name.

    Args:
        sleep: Waits between attempts; takes seconds.
    """
    return {
        view.name: ViewStores(
            view,
            rows_of(view, client, read_table, event_table, sleep),
            DynamoDbGenerations(client, read_table, view),
            DynamoDbProgress(client, read_table, view),
        )
        for view in VIEWS
    }


def chosen(stores: StoresByName, request: Mapping[str, Any]) -> ViewStores:
    """Return the stores of the view that a request names; the customers' view if it names none, as the requests of
    releases that know of no other.

    Args:
        request: Of a function of the rebuild.

    Raises:
        UnknownView: There is no view of that name.
    """
    return stores[view_named(request.get("view", CUSTOMERS.name)).name]
