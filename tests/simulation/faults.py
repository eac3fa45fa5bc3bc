"""A seed's faults and their probabilities, and the count of the faults that happened."""

from collections import Counter
from dataclasses import dataclass, fields
from random import Random
from typing import Final

# Per try of a call. botocore makes up to three tries.
ON_CALL: Final = ("throttle", "unavailable", "reset_before", "timeout_before", "lost_answer", "late_effect")


@dataclass(slots=True)
class Mix:
    """The probability of each fault where it can happen. Each seed has its own.

    Attributes:
        calls: A fault in one try of a client call.
        lasts: It outlasts botocore's tries.
        crash: A function dies at a client call, before or after its effect.
        interleave: Another actor steps inside a client call.
        stale: An eventually consistent read shows the image before the last change, if that is younger than `lag`.
        partial: Some keys or statements of a batch are not processed.
        conflict: A transaction or a conditional write collides with another.
        redeliver: A batch is delivered again although it was answered.
        throttled_invoke: An invoke does not reach the function.
        lost_invoke: The function's response is lost, or it times out at its end.
        stream_away: The stream is temporarily unreadable.
        unsaved: A checkpoint cannot be saved.
        unsent: The failure queue is unreachable.
        kill: The mapping is killed, and restarted from its checkpoints.
        split: A shard splits.
        poison: A strange event is written to the event table.
        outage: The mapping is away for hours; with `expiry`, for more than a day.
        operate: Operators take a step.
        cure: Strange events are repaired.
        prolong: A customer gets a history that is longer than an erasure's transaction, once in a seed.
        expiry: Whether the stream may drop records that were never read.
        lag: For how many seconds an eventually consistent read may be stale.
        scattered: Whether a customer's events are in different shards, because DynamoDB orders them per item only.
    """

    calls: float = 0.0
    lasts: float = 0.0
    crash: float = 0.0
    interleave: float = 0.0
    stale: float = 0.0
    partial: float = 0.0
    conflict: float = 0.0
    redeliver: float = 0.0
    throttled_invoke: float = 0.0
    lost_invoke: float = 0.0
    stream_away: float = 0.0
    unsaved: float = 0.0
    unsent: float = 0.0
    kill: float = 0.0
    split: float = 0.0
    poison: float = 0.0
    outage: float = 0.0
    operate: float = 0.0
    cure: float = 0.0
    prolong: float = 0.0
    expiry: bool = False
    lag: float = 1.0
    scattered: bool = False


_MOST: Final = {
    "calls": 0.14, "lasts": 0.25, "crash": 0.03, "interleave": 0.20, "stale": 0.5, "partial": 0.10, "conflict": 0.10,
    "redeliver": 0.15, "throttled_invoke": 0.15, "lost_invoke": 0.10, "stream_away": 0.10, "unsaved": 0.10,
    "unsent": 0.5, "kill": 0.03, "split": 0.01, "poison": 0.008, "outage": 0.002,
}  # fmt: skip


def mix_of(random: Random) -> Mix:
    """Draw a seed's mix. Most faults are possible, some are absent, and some are as frequent as can be."""
    drawn = {name: _MOST[name] * random.choice((0.0, 0.5, 1.0, 1.0)) for name in _MOST}
    drawn |= {"operate": random.choice((0.0, 0.0, 0.01, 0.03)), "cure": random.choice((0.0, 0.03))}
    drawn["prolong"] = 0.02 if random.random() < 0.08 else 0.0
    return Mix(
        **drawn, expiry=random.random() < 0.1, lag=random.choice((0.2, 1.0, 5.0)), scattered=random.random() < 0.3
    )


class Faults:
    """Draws a world's faults and counts them.

    Attributes:
        mix: The probabilities; all zero once the world heals.
        count: Faults by kind.
    """

    def __init__(self, mix: Mix, random: Random) -> None:
        self.mix = mix
        self.count: Counter[str] = Counter()
        self._roll = random.random
        self._random = random

    def happens(self, kind: str, likelihood: float) -> bool:
        """Whether a fault happens now. Counts it."""
        if likelihood and self._roll() < likelihood:
            self.count[kind] += 1
            return True
        return False

    def on_try(self) -> str | None:
        """The fault in one try of a call."""
        if self.mix.calls and self._roll() < self.mix.calls:
            kind = self._random.choice(ON_CALL)
            self.count[kind] += 1
            return kind
        return None

    def lasts(self) -> bool:
        """Whether the next try fails too. Counts that fault."""
        return self.happens("again", self.mix.lasts)

    def stop(self) -> None:
        """Let nothing fail from now on."""
        lag = self.mix.lag
        self.mix = Mix(**{each.name: each.default for each in fields(Mix)})  # type: ignore[arg-type]
        self.mix.lag = lag
