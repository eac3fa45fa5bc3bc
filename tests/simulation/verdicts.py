"""The verdicts on mutants, and their table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a mutant.

    Attributes:
        name: The mutant's name.
        rule: The invariant that detected it; empty for none.
        seeds: The number of seeds it took.
        how: The invariant's message.
        equivalent: Why nobody can detect it; empty if it must be detected.
    """

    name: str
    rule: str
    seeds: int
    how: str
    equivalent: str

    @property
    def is_right(self) -> bool:
        """Whether it was detected, or was rightly not."""
        return bool(self.rule) != bool(self.equivalent)


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts in columns, grouped by rule, and how many each rule detected."""
    rows = [f"{'noticed by':<10} {'seeds':>5}  {'mutant':<54} how"]
    for each in sorted(verdicts, key=lambda verdict: (not verdict.rule, verdict.rule, verdict.seeds, verdict.name)):
        how = each.how or (f"equivalent: {each.equivalent}" if each.equivalent else "SURVIVED")
        rows.append(f"{each.rule or '-':<10} {each.seeds:>5}  {each.name:<54} {how[:90]}")
    noticed = Counter(each.rule for each in verdicts if each.rule)
    counts = ", ".join(f"{rule} {count}" for rule, count in sorted(noticed.items()))
    return "\n".join([*rows, f"{noticed.total()} of {len(verdicts)} noticed: {counts}"])
