"""How far the projection is behind."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any


def seconds_behind(records: Sequence[Mapping[str, Any]], now: datetime) -> float:
    """The age of the oldest change in a batch.

    Args:
        records: `Records` of a DynamoDB stream's Lambda event.
        now: The current instant, aware.

    Returns:
        Seconds; 0 for no records. DynamoDB gives the time of a change to the second, so less than one means nothing.
    """
    times = [record["dynamodb"].get("ApproximateCreationDateTime") for record in records]
    known = [time for time in times if time is not None]
    return max(0.0, now.timestamp() - min(known)) if known else 0.0
