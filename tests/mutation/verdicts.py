"""Reads what mutmut found, and compares the survivors with those that have a reason."""

import ast
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import ndiff
from functools import cache
from pathlib import Path
from typing import Any, Final

LEAST_PERCENT: Final = 95.0
_MARK: Final = "__mutmut_"
# mutmut's exit codes. Any other one is a mutant that no test has ended: it hangs, or breaks the test run itself.
_SURVIVED, _REFUSED_BY_TYPES = 0, 37
_UNREACHED: Final = frozenset({5, 33})
_NOT_RUN: Final = frozenset({None, 2, 34})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function.

    Attributes:
        function: The function's full name, for example `events.history.fold`.
        change: The lines that differ, stripped, each after `- ` or `+ `.
        exit_code: mutmut's result; None if the mutant was not run.
    """

    function: str
    change: tuple[str, ...]
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some mutants stay.

    Attributes:
        function: The full name of their function.
        why: The reason.
        changes: The lines that a mutant adds, or removes if it adds none; empty for every mutant of the function.
        at_import: Whether the function runs when its module is imported, so that mutmut cannot reach it.
    """

    function: str
    why: str
    changes: frozenset[str] = frozenset()
    at_import: bool = False

    def covers(self, mutant: Mutant) -> bool:
        """Whether this is the reason of a mutant."""
        return self.function == mutant.function and (not self.changes or line_of(mutant) in self.changes)


@dataclass(slots=True)
class Verdict:
    """The result of a run.

    Attributes:
        by_tests: The number of mutants that a test noticed.
        by_types: The number of mutants that mypy refuses.
        explained: Survivors that have a reason.
        unexplained: Survivors that have none.
        at_import: The number of mutants of functions that mutmut cannot reach.
        unreached: The number of mutants that no test runs.
        not_run: The number of mutants without a result.
        idle: Reasons of mutants that do not survive any more.
    """

    by_tests: int = 0
    by_types: int = 0
    explained: list[Mutant] = field(default_factory=list)
    unexplained: list[Mutant] = field(default_factory=list)
    at_import: int = 0
    unreached: int = 0
    not_run: int = 0
    idle: list[Reason] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """The number of mutants that could be noticed."""
        return self.by_tests + self.by_types + len(self.explained) + len(self.unexplained)

    @property
    def percent(self) -> float:
        """How many of those were noticed."""
        return 100 * (self.by_tests + self.by_types) / self.reached if self.reached else 100.0

    @property
    def is_good(self) -> bool:
        """Whether enough mutants died, and each of the others has a reason."""
        return self.percent >= LEAST_PERCENT and not self.unexplained and not self.idle and not self.not_run


def line_of(mutant: Mutant) -> str:
    """The lines that a mutant adds, or removes if it adds none, in one line. `survivors.toml` names it by them."""
    added = [line for line in mutant.change if line.startswith("+")]
    return " ".join(line[2:] for line in added) if added else " ".join(mutant.change)


def judge(mutants: Sequence[Mutant], reasons: Sequence[Reason], *, complete: bool = True) -> Verdict:
    """Sort mutants by what became of them.

    Args:
        complete: Whether these are all mutants, so that a reason without a mutant is out of date.
    """
    verdict, used = Verdict(), set()
    for mutant in mutants:
        reason = next((each for each in reasons if each.covers(mutant)), None)
        if reason and reason.at_import:
            verdict.at_import += 1
            used.add(id(reason))
        elif mutant.exit_code in _NOT_RUN:
            verdict.not_run += 1
        elif mutant.exit_code in _UNREACHED:
            verdict.unreached += 1
        elif mutant.exit_code == _REFUSED_BY_TYPES:
            verdict.by_types += 1
        elif mutant.exit_code != _SURVIVED:
            verdict.by_tests += 1
        elif reason:
            verdict.explained.append(mutant)
            used.add(id(reason))
        else:
            verdict.unexplained.append(mutant)
    verdict.idle = [each for each in reasons if complete and id(each) not in used]
    return verdict


def reasons_in(file: Path) -> list[Reason]:
    """Read `survivors.toml`."""
    entries: Sequence[Mapping[str, Any]] = tomllib.loads(file.read_text()).get("survivor", [])
    return [
        Reason(each["function"], each["why"], frozenset(each.get("changes", ())), each.get("at_import", False))
        for each in entries
    ]


def mutants_in(folder: Path) -> Iterator[Mutant]:
    """Read the results of a run.

    Args:
        folder: mutmut's folder `mutants`.
    """
    for results in sorted(folder.rglob("*.py.meta")):
        module = results.with_suffix("")
        name = ".".join(module.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for key, exit_code in json.loads(results.read_text())["exit_code_by_key"].items():
            mutated = key.rpartition(".")[2]
            # mutmut keeps the results of a module that it no longer changes.
            if mutated not in _functions(module):
                continue
            yield Mutant(f"{name}.{_plain(mutated)}", _change(module, mutated), exit_code)


def _plain(mutated: str) -> str:
    """The name of a function: `x_fold__mutmut_1` is of `fold`, and `xǁEventǁsize__mutmut_1` of `Event.size`."""
    name = mutated.partition(_MARK)[0]
    return name.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in name else name.removeprefix("x_")


def _change(module: Path, mutated: str) -> tuple[str, ...]:
    functions = _functions(module)
    original = functions[mutated.partition(_MARK)[0] + _MARK + "orig"]
    lines = ndiff(original, functions[mutated])
    return tuple(f"{line[0]} {line[2:].strip()}" for line in lines if line[0] in "+-")


@cache
def _functions(module: Path) -> dict[str, list[str]]:
    """The lines of each function of a mutated module, without its name."""
    text = module.read_text()
    lines = text.splitlines()
    return {
        node.name: [line.replace(node.name, "_") for line in lines[node.lineno - 1 : node.end_lineno]]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and _MARK in node.name
    }
