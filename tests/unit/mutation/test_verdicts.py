"""How the results of a mutation run are judged."""

import json
from pathlib import Path

import pytest

from tests.mutation.types import refused
from tests.mutation.verdicts import Mutant, Reason, judge, line_of, mutants_in, reasons_in

MUTATED = '''"""A mutated module."""

class Thing:
    def xǁThingǁsize__mutmut_orig(self, more):
        return 1 + more

    def xǁThingǁsize__mutmut_1(self, more):
        return 2 + more

def x_fold__mutmut_orig(records):
    return all(
        records,
        True,
    )

def x_fold__mutmut_1(records):
    return all(
        records,
    )
'''


def mutant(exit_code: int | None, function: str = "a.f", *change: str) -> Mutant:
    return Mutant(function, change or ("- old", "+ new"), exit_code)


@pytest.mark.parametrize(
    ("exit_code", "attribute"),
    [(1, "by_tests"), (3, "by_tests"), (-24, "by_tests"), (37, "by_types"), (33, "unreached"), (None, "not_run")],
)
def test_each_result_counts_once(exit_code: int | None, attribute: str) -> None:
    verdict = judge([mutant(exit_code)], [])

    assert getattr(verdict, attribute) == 1
    assert verdict.reached == (attribute in {"by_tests", "by_types"})


def test_a_survivor_without_a_reason_fails_the_run_however_many_died() -> None:
    verdict = judge([*[mutant(1)] * 999, mutant(0)], [])

    assert verdict.percent > 99
    assert (len(verdict.unexplained), verdict.is_good) == (1, False)


def test_a_survivor_with_a_reason_is_allowed_while_enough_die() -> None:
    reason = Reason("a.f", "because", frozenset({"new"}))

    assert judge([*[mutant(1)] * 19, mutant(0)], [reason]).is_good
    assert not judge([*[mutant(1)] * 18, mutant(0)], [reason]).is_good


def test_a_reason_is_for_the_line_that_it_names_and_for_no_other() -> None:
    reason = Reason("a.f", "because", frozenset({"new"}))
    verdict = judge([mutant(0), mutant(0, "a.f", "- old", "+ other"), mutant(0, "a.g")], [reason])

    assert (len(verdict.explained), len(verdict.unexplained)) == (1, 2)


def test_a_reason_of_a_mutant_that_dies_is_out_of_date() -> None:
    reason = Reason("a.f", "because")

    assert judge([mutant(1)], [reason]).idle == [reason]
    assert judge([mutant(1)], [reason], complete=False).idle == []


def test_what_runs_at_import_does_not_count() -> None:
    verdict = judge([mutant(0), mutant(1, "a.g")], [Reason("a.f", "because", at_import=True)])

    assert (verdict.at_import, verdict.reached, verdict.is_good) == (1, 1, True)


def test_a_run_that_was_cut_is_not_good() -> None:
    assert not judge([mutant(1), mutant(None)], []).is_good


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    package.mkdir()
    (package / "module.py").write_text(MUTATED)
    results = {"package.module.xǁThingǁsize__mutmut_1": 0, "package.module.x_fold__mutmut_1": 1}
    (package / "module.py.meta").write_text(json.dumps({"exit_code_by_key": results}))
    return tmp_path


def test_a_mutant_is_named_by_its_function_and_the_lines_that_differ(folder: Path) -> None:
    size, fold = mutants_in(folder)

    assert size == Mutant("package.module.Thing.size", ("- return 1 + more", "+ return 2 + more"), 0)
    assert fold == Mutant("package.module.fold", ("- True,",), 1)
    assert (line_of(size), line_of(fold)) == ("return 2 + more", "- True,")


def test_results_of_a_module_that_is_no_longer_changed_are_left_out(folder: Path) -> None:
    (folder / "package" / "module.py").write_text("def fold(records):\n    return all(records)\n")

    assert list(mutants_in(folder)) == []


def test_reasons_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text('[[survivor]]\nfunction = "a.f"\nchanges = ["new"]\nwhy = "because"\n')

    assert reasons_in(file) == [Reason("a.f", "because", frozenset({"new"}))]


def test_every_reason_of_ours_says_why() -> None:
    file = Path(__file__).parents[2] / "mutation" / "survivors.toml"

    assert all(reason.why.endswith(".") for reason in reasons_in(file))


def test_what_mypy_refuses_is_a_mutant_and_not_the_function_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)

    def error(line: int, code: str) -> dict[str, object]:
        return {"file": "package/module.py", "line": line, "code": code, "severity": "error"}

    both = [error(5, "misc"), error(8, "misc")]
    style, outside = error(8, "redundant-expr"), error(1, "arg-type")

    assert list(refused([*both, style, outside, error(17, "call-arg")])) == [error(17, "call-arg")]
