"""make pipeline-walk: run the synthesised stages on a local AWS and print the duration of each action.

Exit status: 0 if every action succeeded, or every action before an approval that was not given; 1 if an action failed.
"""

import argparse
import sys
import time
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from local.environments import STATE
from local.errors import StackError
from local.home import StackHome, free_port
from local.signals import INTERRUPTED, sigterm_as_interrupt
from pipeline.walk import synthesised
from pipeline.walk.walk import ApprovalMissing, Walk, local_aws

_out = Console(highlight=False, markup=False, soft_wrap=True)


@dataclass
class WalkReport:
    """The actions that ran, with their results and durations."""

    rows: list[tuple[str, str, str, float]]

    def add(self, stage: str, action: str, started: float, result: str = "done") -> None:
        """Add an action that started at a time of the monotonic clock and has just ended."""
        self.rows.append((stage, action, result, time.monotonic() - started))

    def table(self) -> Table:
        """Return the table to print."""
        table = Table("Stage", "Action", "Result", "Seconds")
        for stage, action, result, seconds in self.rows:
            table.add_row(stage, action, result, f"{seconds:.1f}")
        return table


def walk(*, approve: bool) -> int:
    """Run all stages and return the exit status.

    Args:
        approve: Whether to give approvals and continue.
    """
    home, report = StackHome(STATE / "pipeline", free_port()), WalkReport([])
    stage, action, started = "Set-up", "Synthesise", time.monotonic()
    try:
        templates = synthesised.synthesise(home.folder / "cdk.out")
        report.add(stage, action, started)
        with local_aws(home):
            action, started = "Provision", time.monotonic()
            execution = Walk(home, templates, approve, _out.print)
            execution.provision()
            report.add(stage, action, started)
            for pipeline_stage in synthesised.stages(templates[synthesised.STACK]):
                for pipeline_action in pipeline_stage.actions:
                    stage, action, started = pipeline_stage.name, pipeline_action.name, time.monotonic()
                    execution.run(pipeline_action)
                    report.add(stage, action, started)
    except ApprovalMissing:
        report.add(stage, action, started, "waits")
        _out.print("  Stopped at the approval. To approve and continue, run make pipeline-walk APPROVE=1.")
    except (StackError, BotoCoreError, ClientError) as error:
        report.add(stage, action, started, "FAILED")
        _out.print(report.table())
        details = error.details if isinstance(error, StackError) else ""
        print(f"make pipeline-walk: {stage}, {action}: {error}\n{details}", file=sys.stderr)
        return 1
    _out.print(report.table())
    return 0


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.walk", description="Run the pipeline's stages on a local AWS."
    )
    parser.add_argument("--approve", action="store_true", help="approve and continue to production")
    options = parser.parse_args(arguments)
    try:
        with sigterm_as_interrupt():
            return walk(approve=options.approve)
    except KeyboardInterrupt:
        print("make pipeline-walk: interrupted; nothing is left running.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
