"""Lets mutmut change the code, function by function, and requires that tests or types notice.

python -m tests.mutation                        # every mutant: about half an hour of two cores
python -m tests.mutation 'events.history*'      # some
python -m tests.mutation --report               # the last results once more
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from local.environments import ROOT, bin_of
from tests.mutation.databases import servers
from tests.mutation.verdicts import LEAST_PERCENT, Verdict, judge, line_of, mutants_in, reasons_in

WORKSPACE: Final = ROOT / ".local" / "mutation"
SURVIVORS: Final = Path(__file__).with_name("survivors.toml")
# mutmut's exit codes of mutants that a test or mypy has noticed.
_KEPT: Final = frozenset({1, 3, 37})
_NOT_COPIED: Final = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "mutants")


def main() -> int:
    """Run mutmut and judge what survives. Returns 1 if a survivor has no reason, or too many survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", help="only the mutants of these functions, such as 'events.history*'")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--report", action="store_true", help="run nothing, and judge the last results")
    arguments = parser.parse_args()
    if not arguments.report:
        _copy()
        _forget_survivors()
        status = _mutmut(arguments.names, arguments.children)
        if status:
            print(f"mutmut ended with {status}", file=sys.stderr)
            return 1
    mutants = list(mutants_in(WORKSPACE / "mutants"))
    if not mutants:
        print("There are no results yet: run make mutants first.", file=sys.stderr)
        return 1
    verdict = judge(mutants, reasons_in(SURVIVORS), complete=not arguments.names)
    _print(verdict)
    return 0 if verdict.is_good or (arguments.names and not verdict.unexplained) else 1


def _copy() -> None:
    """Copy the project, so that mutmut's files are in no folder of ours. Results of unchanged functions are kept."""
    shutil.copytree(ROOT, WORKSPACE, ignore=_NOT_COPIED, dirs_exist_ok=True)


def _forget_survivors() -> None:
    """Let mutmut try the survivors again: it keeps the results of functions that have not changed, and tests have.

    It also keeps which test runs which function, so that a new function would count as one that no test reaches.
    """
    (WORKSPACE / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for file in (WORKSPACE / "mutants").rglob("*.py.meta"):
        results = json.loads(file.read_text())
        codes = results["exit_code_by_key"]
        results["exit_code_by_key"] = {name: code if code in _KEPT else None for name, code in codes.items()}
        file.write_text(json.dumps(results))


def _mutmut(names: list[str], children: int) -> int:
    # One more, for the process of a mutant that mutmut has killed and that has not ended yet.
    with servers(children + 1) as endpoints:
        programs = bin_of("mutation")
        environment = {
            **os.environ,
            **endpoints,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONHASHSEED": "0",
            "PYTHONPYCACHEPREFIX": str(WORKSPACE / ".pycache"),
        }
        command = [str(programs / "mutmut"), "run", "--max-children", str(children), *names]
        return subprocess.run(command, cwd=WORKSPACE, env=environment, check=False).returncode


def _print(verdict: Verdict) -> None:
    for mutant in verdict.unexplained:
        print(f"SURVIVED {mutant.function}\n  " + "\n  ".join(mutant.change))
    for reason in verdict.idle:
        print(f"NO LONGER A SURVIVOR {reason.function}: {sorted(reason.changes) or 'any'}")
    for mutant in verdict.explained:
        print(f"explained {mutant.function}: {line_of(mutant)}")
    print(
        f"{verdict.reached:,} mutants reached: {verdict.by_tests:,} noticed by tests, {verdict.by_types:,} refused by "
        f"mypy, {len(verdict.explained)} survive with a reason, {len(verdict.unexplained)} without one. "
        f"{verdict.percent:.1f} % died; {LEAST_PERCENT:.0f} % must. {verdict.unreached:,} more are not reached, "
        f"{verdict.at_import} run at import only, and {verdict.not_run} were not run."
    )


if __name__ == "__main__":
    sys.exit(main())
