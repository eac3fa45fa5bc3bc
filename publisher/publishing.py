"""Publishes a batch of events: each ends on the bus, among the dead letters, or back with whoever brought it.

Delivery is at least once. A request whose answer is lost is sent again, and so is all that follows an event that
failed, as an event source mapping goes back to the lowest one that did. So the batch is sent in its order and stops
where it fails: what comes after would only be sent twice.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from events.codec import UnreadableEvent
from events.envelope import Recorded
from publisher.bus import WRONG, Bus, BusUnavailable, RequestRefused
from publisher.cloud_event import cloud_event
from publisher.dead_letters import NotNoted, PublishFailures, letter_of
from publisher.entries import Entry, TooLarge, entry_of, requests
from shared.runtime.backoff import full_jitter

# API reference, "PutEventsResultEntry": of the failures that no retry cures, those that are the entry's own. The others
# (a missing permission, say) concern every event, and putting all of them aside would mend nothing.
INCURABLE: Final = WRONG | {"MalformedDetail"}
# Nothing is wrong with it, but it comes again anyway.
AFTER_A_FAILED_ONE: Final = "AfterAFailedOne"
TRIES: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.05


@dataclass(slots=True)
class PublishReport:
    """What became of a batch; each event is in one of these.

    Attributes:
        published: Events that are on the bus, in the order in which it took them.
        dead: Why an event was put aside, by its place in the batch.
        failed: The kind of failure, by the place of the event that must come again.
    """

    published: list[Recorded] = field(default_factory=list)
    dead: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)


Pending = dict[int, Entry]


class Publisher:
    """Brings events to the bus."""

    def __init__(
        self, bus: Bus, dead_letters: PublishFailures, source: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Join it to a bus.

        Args:
            bus: Takes the events.
            dead_letters: Takes note of those that nobody can read.
            source: See `publisher.cloud_event.source_of`.
            pause: Waits so many seconds between tries.
        """
        self._bus = bus
        self._dead_letters = dead_letters
        self._source = source
        self._pause = pause

    def publish(self, records: Sequence[Recorded], *, replayed: bool = False) -> PublishReport:
        """Publish events.

        Args:
            records: In the order of the log, as far as there is one.
            replayed: See `publisher.cloud_event.cloud_event`.

        Raises:
            BusMissing: None of them may count as published.
        """
        report = PublishReport()
        pending = self._readable(records, report, replayed=replayed)
        places = list(pending)
        for cut in requests([pending[place].size for place in places]):
            self._send({place: pending[place] for place in places[cut]}, records, report)
            if report.failed:
                report.failed |= dict.fromkeys(places[cut.stop :], AFTER_A_FAILED_ONE)
                break
        self._put_aside(records, report)
        return report

    def _readable(self, records: Sequence[Recorded], report: PublishReport, *, replayed: bool) -> Pending:
        pending: Pending = {}
        for place, recorded in enumerate(records):
            try:
                pending[place] = entry_of(cloud_event(recorded, self._source, replayed=replayed))
            except UnreadableEvent as error:
                report.dead[place] = error.reason
            except TooLarge as error:
                report.dead[place] = str(error)
        return pending

    def _send(self, pending: Pending, records: Sequence[Recorded], report: PublishReport) -> None:
        """Send one request's entries, and again those of them that were not taken."""
        codes: dict[int, str] = {}
        for attempt in range(TRIES):
            if attempt:
                self._pause(full_jitter(attempt, _FIRST_PAUSE_SECONDS))
            try:
                codes = self._codes(pending)
            except BusUnavailable as away:
                # botocore has tried again already; now it is the mapping's turn, which can wait.
                codes = dict.fromkeys(pending, str(away))
                break
            report.published += [records[place] for place, code in codes.items() if not code]
            report.dead |= {place: f"the bus refuses it: {code}" for place, code in codes.items() if code in INCURABLE}
            pending = {place: pending[place] for place, code in codes.items() if code and code not in INCURABLE}
            if not pending:
                return
        report.failed |= {place: codes[place] for place in pending}

    def _codes(self, pending: Pending) -> dict[int, str]:
        """What `Bus.put` says, by place; one entry that spoils a request for all is found and named."""
        try:
            return dict(zip(pending, self._bus.put(list(pending.values())), strict=True))
        except RequestRefused as refused:
            if len(pending) == 1:
                return dict.fromkeys(pending, str(refused))
            return {place: code for one in pending.items() for place, code in self._codes(dict([one])).items()}

    def _put_aside(self, records: Sequence[Recorded], report: PublishReport) -> None:
        """Note the ones that cannot be published, but for those that come again anyway."""
        for place in sorted(report.dead):
            if place > min(report.failed, default=len(records)):
                del report.dead[place]
                report.failed[place] = AFTER_A_FAILED_ONE
                continue
            try:
                self._dead_letters.send(letter_of(records[place], report.dead[place]))
            except NotNoted as away:
                report.failed[place] = str(away)
                del report.dead[place]
