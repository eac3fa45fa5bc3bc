"""Publishes a batch of events. Each event ends on the bus, in the failure queue, or goes back to the caller.

Delivery is at least once. A request whose response is lost is sent again, and so is every event that follows a failed
one, because an event source mapping goes back to the lowest failed record. So the batch is sent in order and stops at
the first failure: whatever follows would only be sent twice.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from events.codec import UnreadableEvent
from events.envelope import Recorded
from publisher.bus import Bus, BusUnavailable, RequestRefused
from publisher.cloud_event import FIRST_EPOCH, cloud_event
from publisher.entries import Entry, TooLarge, split_into_requests, to_entry
from publisher.publish_failures import FailureNotStored, PublishFailures, publish_failure
from shared.runtime.backoff import full_jitter
from shared.runtime.failures import PERMANENT_CODES, is_transient

# For an event that did not fail itself, but will be delivered again with the failed one before it.
AFTER_FAILED_EVENT: Final = "AfterFailedEvent"
TRIES: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.05

EntriesByIndex = dict[int, Entry]
"""Entries by the index of their event in the batch."""


@dataclass(slots=True)
class PublishReport:
    """What happened to a batch. Every event is in exactly one of these.

    Attributes:
        published: The events on the bus, in the order in which it accepted them.
        unpublishable: Why an event cannot be published, by its index in the batch.
        failed: The kind of failure, by the index of the event, which must be delivered again.
    """

    published: list[Recorded] = field(default_factory=list)
    unpublishable: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


class Publisher:
    """Publishes events to the bus."""

    def __init__(
        self,
        bus: Bus,
        failures: PublishFailures,
        source: str,
        pause: Callable[[float], None] = time.sleep,
        epoch: int = FIRST_EPOCH,
    ) -> None:
        """Configure a publisher.

        Args:
            bus: Receives the events.
            failures: Stores the events that cannot be published.
            source: See `publisher.cloud_event.source_of`.
            pause: Sleeps between tries, for a number of seconds.
            epoch: See `publisher.cloud_event.cloud_event`.
        """
        self._bus = bus
        self._failures = failures
        self._source = source
        self._pause = pause
        self._epoch = epoch

    def publish(self, records: Sequence[Recorded], *, replayed: bool = False) -> PublishReport:
        """Publish events.

        Args:
            records: The events, in stream order where they have one.
            replayed: See `publisher.cloud_event.cloud_event`.

        Raises:
            BusMissing: None of the events counts as published.
        """
        report = PublishReport()
        entries = self._to_entries(records, report, replayed=replayed)
        indexes = list(entries)
        for request in split_into_requests([entries[index].size for index in indexes]):
            self._send({index: entries[index] for index in indexes[request]}, records, report)
            if report.failed:
                report.failed |= dict.fromkeys(indexes[request.stop :], AFTER_FAILED_EVENT)
                break
        self._store_failures(records, report)
        return report

    def _to_entries(self, records: Sequence[Recorded], report: PublishReport, *, replayed: bool) -> EntriesByIndex:
        entries: EntriesByIndex = {}
        for index, recorded in enumerate(records):
            try:
                event = cloud_event(recorded, self._source, epoch=self._epoch, replayed=replayed)
                entries[index] = to_entry(event)
            except UnreadableEvent as error:
                report.unpublishable[index] = error.reason
            except TooLarge as error:
                report.unpublishable[index] = str(error)
            except Exception as error:
                if is_transient(error):
                    raise
                # It would come at every try and stop every event after this one. Its text may quote the data.
                report.unpublishable[index] = f"the conversion raised {type(error).__name__}"
        return entries

    def _send(self, entries: EntriesByIndex, records: Sequence[Recorded], report: PublishReport) -> None:
        """Send the entries of one request, and retry those that the bus did not accept."""
        codes: dict[int, str] = {}
        for attempt in range(TRIES):
            if attempt:
                self._pause(full_jitter(attempt, _FIRST_PAUSE_SECONDS))
            try:
                codes = self._put(entries, report)
            except BusUnavailable as error:
                # botocore has retried already. The event source mapping can wait longer, so leave it to that. An entry
                # that was refused alone before the error stays unpublishable.
                entries = {index: entry for index, entry in entries.items() if index not in report.unpublishable}
                codes = dict.fromkeys(entries, str(error))
                break
            report.published += [records[index] for index, code in codes.items() if not code]
            permanent = {index: code for index, code in codes.items() if code in PERMANENT_CODES}
            report.unpublishable |= {index: _refusal(code) for index, code in permanent.items()}
            entries = {index: entries[index] for index, code in codes.items() if code and index not in permanent}
            if not entries:
                return
        report.failed |= {index: codes[index] for index in entries}

    def _put(self, entries: EntriesByIndex, report: PublishReport) -> dict[int, str]:
        """Error codes by index, as `Bus.put` returns them. If a request is refused, finds the entry that caused it, and
        reports that one as unpublishable.
        """
        try:
            return dict(zip(entries, self._bus.put(list(entries.values())), strict=True))
        except RequestRefused as error:
            if len(entries) == 1:
                report.unpublishable |= dict.fromkeys(entries, _refusal(str(error)))
                return {}
            return {index: code for item in entries.items() for index, code in self._put(dict([item]), report).items()}

    def _store_failures(self, records: Sequence[Recorded], report: PublishReport) -> None:
        """Store the unpublishable events, except those that will be delivered again anyway."""
        for index in sorted(report.unpublishable):
            if index > min(report.failed, default=len(records)):
                del report.unpublishable[index]
                report.failed[index] = AFTER_FAILED_EVENT
                continue
            try:
                self._failures.send(publish_failure(records[index], report.unpublishable[index]))
            except FailureNotStored as error:
                report.failed[index] = str(error)
                del report.unpublishable[index]


def _refusal(code: str) -> str:
    return f"the bus refuses it: {code}"
