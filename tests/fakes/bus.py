"""An event bus and a queue of dead letters in memory."""

from collections.abc import Callable, Sequence
from typing import Any

from publisher.bus import BusMissing, BusUnavailable, RequestRefused
from publisher.dead_letters import NotNoted, PublishFailure
from publisher.entries import Entry, requests


class FakeBus:
    """Takes entries, unless its next request is scripted otherwise.

    Attributes:
        details: Of all that is on the bus, in the order in which it came.
        asked: The details of each request.
        script: For each request to come: a code for each entry (an empty one takes it), or an error to raise.
        spoiled: A text that makes a request wrong when one of its entries has it.
    """

    def __init__(self, *script: Sequence[str] | Exception) -> None:
        self.details: list[str] = []
        self.asked: list[list[str]] = []
        self.script = list(script)
        self.spoiled = ""

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """See `Bus.put`."""
        assert [slice(0, len(entries))] == list(requests([entry.size for entry in entries]))
        self.asked.append([entry.detail for entry in entries])
        if self.spoiled and any(self.spoiled in entry.detail for entry in entries):
            raise RequestRefused("ValidationException")
        said = self.script.pop(0) if self.script else [""] * len(entries)
        if isinstance(said, BusMissing | BusUnavailable | RequestRefused):
            raise said
        codes = list(said) if not isinstance(said, Exception) else []
        self.details += [entry.detail for entry, code in zip(entries, codes, strict=True) if not code]
        return codes


class FakeDeadLetters:
    """Keeps dead letters.

    Attributes:
        letters: In the order in which they came.
        refuses: Decides which are not taken.
    """

    def __init__(self, refuses: Callable[[PublishFailure], bool] = lambda _: False) -> None:
        self.letters: list[PublishFailure] = []
        self.refuses = refuses

    def send(self, letter: PublishFailure) -> None:
        """See `DeadLetters.send`."""
        if self.refuses(letter):
            raise NotNoted("ServiceUnavailable")
        self.letters.append(letter)


class FakeEventBridge:
    """What boto3's client of EventBridge answers, as scripted."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Any] = []
        self.looked = 0
        self.missing: Exception | None = None

    def put_events(self, *, Entries: Any) -> Any:  # noqa: N803 - boto3's name
        self.sent.append(Entries)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def describe_event_bus(self, *, Name: str) -> Any:  # noqa: N803 - boto3's name
        self.looked += 1
        if self.missing:
            raise self.missing
        return {"Name": Name}
