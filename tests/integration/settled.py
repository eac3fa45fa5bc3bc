"""Generations as they are a minute after their last change, without the wait."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from projections.dynamodb_generations import DynamoDbGenerations
from shared.runtime.clock import timestamp


def let_a_minute_pass(generations: DynamoDbGenerations) -> None:
    """Set the last change of generations back, instead of waiting until `rebuild remove` is allowed."""
    record = generations.load()
    if record.changed_at:
        generations.save(replace(record, changed_at=timestamp(datetime.now(UTC) - timedelta(minutes=2))))
