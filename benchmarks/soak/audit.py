"""Compares the stack with what the clients were told: nothing lost, nothing there twice."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.soak.journal import Acknowledged, Journal
from consumer_kit import CustomerState, DynamoDbInbox
from events.envelope import Event, Recorded
from local.aws import session
from local.outputs import Outputs
from operations.stack import Stack, connect
from projections.maintenance.progress import plan_for
from projections.row import Row

_POLL_SECONDS: Final = 2.0
# What was given up. Each must be empty.
_QUEUES: Final = ("ProjectionFailureQueueUrl", "PublishFailureQueueUrl", "WelcomeDeadLetterQueueUrl")
_MOST_SHOWN: Final = 20


@dataclass(slots=True)
class Findings:
    """The result of the comparison.

    Attributes:
        events: The number of events of the clients' customers.
        lost: What is missing somewhere.
        twice: What is there more than once.
    """

    events: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """The findings to print; at most the first of each kind."""
        return {
            "events": self.events,
            "lost": len(self.lost),
            "twice": len(self.twice),
            "details": [*self.lost[:_MOST_SHOWN], *self.twice[:_MOST_SHOWN]],
        }


class Audit:
    """Reads the event table, the projection and the bus consumer of a local stack.

    The consumer is the welcome list behind the event bus: its inbox names the newest version that it handled, and its
    item counts the events that it applied.
    """

    def __init__(self, outputs: Outputs, home: str) -> None:
        self._stack: Stack = connect("", home)
        self._queues = session().client("sqs", endpoint_url=outputs["EndpointUrl"])
        self._urls = {name: outputs[name] for name in _QUEUES}
        self._client = session().client("dynamodb", endpoint_url=outputs["EndpointUrl"])
        self._table = outputs["WelcomeTable"]
        self._inbox = DynamoDbInbox(self._client, self._table)

    def wait_until_drained(self, journal: Journal, timeout: float) -> float:
        """Wait until the projection and the consumer have every acknowledged write.

        Args:
            timeout: Seconds. After that, what is missing counts as lost.

        Returns:
            The seconds that it took.
        """
        began = time.monotonic()
        while time.monotonic() - began < timeout:
            if not list(self._not_projected(journal)) and not list(self._not_consumed(journal)):
                break
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    def compare(self, journal: Journal) -> Findings:
        """Compare everything, once."""
        findings = Findings(lost=[*self._not_projected(journal), *self._not_consumed(journal)])
        self._compare_events(journal, findings)
        self._compare_consumer(journal, findings)
        for name, url in self._urls.items():
            if waiting := self._length(url):
                findings.lost.append(f"{waiting} messages are in {name.removesuffix('Url')}")
        return findings

    def _compare_events(self, journal: Journal, findings: Findings) -> None:
        versions: dict[str, list[int]] = defaultdict(list)
        commands: Counter[str] = Counter()
        for record in _event_table(self._stack):
            if record.customer_id in journal.customers:
                versions[record.customer_id].append(record.version)
                if isinstance(record, Event):
                    commands[record.metadata.command_id] += 1
        findings.events = sum(map(len, versions.values()))
        findings.twice += [f"{count} events of command {command}" for command, count in commands.items() if count > 1]
        for customer_id, known in journal.customers.items():
            # Sorted, because the local AWS returns the events of a customer in no order.
            found = sorted(versions[customer_id])
            if found != list(range(1, len(found) + 1)) or len(found) < known.version:
                findings.lost.append(f"{customer_id}: {known.version} versions acknowledged, stored {found}")
            elif len(found) > known.version + known.unknown:
                findings.twice.append(f"{customer_id}: {known.version} versions acknowledged, stored {len(found)}")

    def _compare_consumer(self, journal: Journal, findings: Findings) -> None:
        for customer_id in journal.customers:
            item = self._welcome(customer_id)
            if item and item["changes"] != item["version"]:
                findings.twice.append(f"{customer_id}: consumed {item['changes']['N']} of {item['version']['N']}")

    def _not_projected(self, journal: Journal) -> Iterator[str]:
        generation = self._stack.generations.load().active
        rows = self._stack.read_model.get_many(journal.customers, generation)
        for customer_id, known in journal.customers.items():
            if not _shows(rows.get(customer_id), known):
                yield f"{customer_id}: version {known.version} is not projected"

    def _not_consumed(self, journal: Journal) -> Iterator[str]:
        for customer_id, known in journal.customers.items():
            if not _has_consumed(self._inbox.load(customer_id), known):
                yield f"{customer_id}: version {known.version} is not consumed"

    def _welcome(self, customer_id: str) -> Mapping[str, Any] | None:
        key: Any = {"customer_id": {"S": customer_id}, "item": {"S": "welcome"}}
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _length(self, url: str) -> int:
        name: Any = "ApproximateNumberOfMessages"
        return int(self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _shows(row: Row | None, known: Acknowledged) -> bool:
    if row is None or row.version < known.version or row.parked:
        return False
    return row.listing is None or not known.erased


def _has_consumed(state: CustomerState, known: Acknowledged) -> bool:
    if known.erased:
        return state.erased
    return (state.version >= known.version or state.erased) and not state.held


def _event_table(stack: Stack) -> Iterator[Recorded]:
    segments = plan_for(stack.count_events()).segments
    for segment in range(segments):
        page = stack.store.read_page(segment, segments)
        yield from page.records
        while page.next is not None:
            page = stack.store.read_page(segment, segments, page.next)
            yield from page.records
