"""What became of mutants, and the table of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        name: The mutant's.
        rule: The invariant that noticed it; empty if none did.
        seeds: After how many seeds.
        how: What the invariant said.
        equivalent: Why nobody should notice it; empty for one that must be noticed.
    """

    name: str
    rule: str
    seeds: int
    how: str
    equivalent: str

    @property
    def is_right(self) -> bool:
        """Whether it was noticed, or need not be and was not."""
        return bool(self.rule) != bool(self.equivalent)


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts in columns, those of a rule together, and how many each rule noticed."""
    rows = [f"{'noticed by':<10} {'seeds':>5}  {'mutant':<54} how"]
    for each in sorted(verdicts, key=lambda verdict: (not verdict.rule, verdict.rule, verdict.seeds, verdict.name)):
        how = each.how or (f"equivalent: {each.equivalent}" if each.equivalent else "SURVIVED")
        rows.append(f"{each.rule or '-':<10} {each.seeds:>5}  {each.name:<54} {how[:90]}")
    noticed = Counter(each.rule for each in verdicts if each.rule)
    counts = ", ".join(f"{rule} {count}" for rule, count in sorted(noticed.items()))
    return "\n".join([*rows, f"{noticed.total()} of {len(verdicts)} noticed: {counts}"])
