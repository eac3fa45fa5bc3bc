"""An event bus and a store of publish failures in memory."""

from collections.abc import Callable, Sequence
from typing import Any

from publisher.bus import BusMissing, BusUnavailable, RequestRefused
from publisher.entries import Entry, split_into_requests
from publisher.publish_failures import FailureNotStored, PublishFailure


class FakeBus:
    """Accepts entries, unless the script says otherwise.

    Attributes:
        details: The `detail` of every entry on the bus, in the order of arrival.
        requests: The details of each request.
        script: For each coming request, an error code per entry (empty to accept it), or an error to raise.
        invalid: A request with an entry that contains this text is refused, unless the text is empty.
    """

    def __init__(self, *script: Sequence[str] | Exception) -> None:
        self.details: list[str] = []
        self.requests: list[list[str]] = []
        self.script = list(script)
        self.invalid = ""

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """See `Bus.put`."""
        assert [slice(0, len(entries))] == list(split_into_requests([entry.size for entry in entries]))
        self.requests.append([entry.detail for entry in entries])
        if self.invalid and any(self.invalid in entry.detail for entry in entries):
            raise RequestRefused("ValidationException")
        result = self.script.pop(0) if self.script else [""] * len(entries)
        if isinstance(result, BusMissing | BusUnavailable | RequestRefused):
            raise result
        codes = list(result) if not isinstance(result, Exception) else []
        self.details += [entry.detail for entry, code in zip(entries, codes, strict=True) if not code]
        return codes


class FakePublishFailures:
    """Stores publish failures.

    Attributes:
        failures: In the order of arrival.
        rejects: Decides which failures are not stored.
    """

    def __init__(self, rejects: Callable[[PublishFailure], bool] = lambda _: False) -> None:
        self.failures: list[PublishFailure] = []
        self.rejects = rejects

    def send(self, failure: PublishFailure) -> None:
        """See `PublishFailures.send`."""
        if self.rejects(failure):
            raise FailureNotStored("ServiceUnavailable")
        self.failures.append(failure)


class FakeEventBridge:
    """The boto3 client of EventBridge with scripted answers."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Any] = []
        self.missing: Exception | None = None

    def put_events(self, *, Entries: Any) -> Any:  # noqa: N803 - boto3's name
        self.sent.append(Entries)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def describe_event_bus(self, *, Name: str) -> Any:  # noqa: N803 - boto3's name
        if self.missing:
            raise self.missing
        return {"Name": Name}
