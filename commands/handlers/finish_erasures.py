"""Finishes erasures: at once when the event bus delivers a `CustomerErased`, and every minute whatever is noted.

The schedule is what makes it certain: the note is written with the erasure itself, and stays until nothing is left. The
event bus only makes it fast.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit

from commands.finish_erasures import Finish, InTime, NotErased, finish_erasure
from events.customer import parse_customer_id
from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from events.erasures import UnfinishedErasure
from shared.runtime.clients import dynamodb
from shared.runtime.clock import timestamp, utc_now
from shared.runtime.observability import describe, logger, metrics, tracer
from shared.runtime.settings import required

# Enough for the transaction in progress, including all its retries.
_MIN_MILLISECONDS_LEFT: Final = 15_000
# As long as the function may take (template.yml, FinishErasures). Until then the run that the event bus began may still
# be on it, and a second one would only collide with it.
_LEFT_TO_THE_BUS: Final = timedelta(seconds=300)

store = DynamoDbEventStore(dynamodb(), required("EVENT_TABLE"))
log = DynamoDbErasureLog(dynamodb(), required("ERASURE_LOG_TABLE"))
erasures = DynamoDbErasures(dynamodb(), required("ERASURES_TABLE"), log)


class ErasuresFailed(Exception):
    """Some erasures could not be finished. The next run tries them again."""


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handle(event: dict[str, Any], context: Any) -> None:
    """Finish one erasure, or all that are noted."""

    def in_time() -> bool:
        return bool(context.get_remaining_time_in_millis() > _MIN_MILLISECONDS_LEFT)

    customer_id = event.get("detail", {}).get("subject")
    if customer_id is not None:
        failed = [] if parse_customer_id(customer_id) is None or _finish(customer_id, in_time) else [customer_id]
    else:
        failed = _finish_noted(in_time)
    if failed:
        raise ErasuresFailed(f"{len(failed)} erasures failed")


def _finish_noted(in_time: InTime) -> list[str]:
    """Finish the noted erasures, the oldest first, and return the customers whose erasure failed."""
    noted, now = erasures.unfinished(), utc_now()
    _measure(noted, now)
    due = [each.customer_id for each in noted if each.since <= timestamp(now - _LEFT_TO_THE_BUS)]
    # One that fails must not hold up the others.
    return [customer_id for customer_id in due if in_time() and not _finish(customer_id, in_time)]


def _finish(customer_id: str, in_time: InTime) -> bool:
    """Finish one erasure as far as time allows. Returns False if it failed."""
    try:
        finish = finish_erasure(store, erasures, customer_id, in_time)
    except NotErased:
        # Only a note or an event that something else wrote can name a customer who is not erased.
        logger.error("not erased", extra={"customer_id": customer_id})
        return False
    except Exception as error:  # noqa: BLE001 - the note stays, whatever the error
        logger.error("erasure failed", extra={"customer_id": customer_id, **describe(error)})
        return False
    _report(customer_id, finish)
    return True


def _report(customer_id: str, finish: Finish) -> None:
    logger.info("erasure", extra={"customer_id": customer_id, "redacted": finish.redacted, "done": finish.done})


def _measure(noted: Sequence[UnfinishedErasure], now: datetime) -> None:
    # A metric costs money in every hour in which it is sent, and this function runs every minute.
    if not noted:
        return
    age = (now - datetime.fromisoformat(noted[0].since)).total_seconds()
    metrics.add_metric("ErasuresUnfinished", MetricUnit.Count, len(noted))
    metrics.add_metric("OldestErasure", MetricUnit.Seconds, max(0.0, age))
    metrics.flush_metrics()
