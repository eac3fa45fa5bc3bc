"""Defects of the consumer kit, each of which leaves something of an erased customer with a consumer."""

from dataclasses import replace
from typing import Any, Final

from consumer_kit import ERASED, Consumer, NotAnEvent, PublishedEvent, UnknownSchema, consumer, dead_letters, parsing
from consumer_kit.ordering import after_handling
from tests.simulation.mutations.base import one


def _checks_every_schema(self: Any, event: Any) -> None:
    newest = self._supported_schemas.get(event.type)
    if newest is not None and (event.schema_version is None or event.schema_version > newest):
        raise UnknownSchema("newer")


def _keeps_held(state: Any, event: Any, now: str) -> Any:
    return replace(after_handling(state, event, now), held=state.held, waiting_since=state.waiting_since)


def _needs_data(event_type: str, value: Any) -> Any:
    if not isinstance(value, dict):
        raise NotAnEvent("data is missing or not an object")
    return value


def _whole_body(body: str, reason: str) -> str:
    return body


CONSUMERS: Final = (
    one("an erasure with a newer schema version rejected", Consumer, "_check_schema", _checks_every_schema),
    one("an erasure with data of another shape rejected", parsing, "_data", _needs_data),
    one("a redacted event that only counts", PublishedEvent, "erases", property(lambda event: event.type == ERASED)),
    one("held events that outlive an erasure", consumer, "after_handling", _keeps_held),
    one("a dead letter with the body", dead_letters, "rejection", _whole_body),
)
