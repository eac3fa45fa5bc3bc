"""make pipeline-walk: the synthesised stages on a local AWS, with a table of what each action took.

Exit status: 0 when everything was carried out, or all up to an approval that nobody gave; 1 when anything failed.
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
from pipeline.walk.walk import ApprovalDenied, Walk, local_aws

_out = Console(highlight=False, markup=False, soft_wrap=True)


@dataclass
class WalkReport:
    """What was done, in a table."""

    rows: list[tuple[str, str, str, float]]

    def step(self, stage: str, action: str, started: float, result: str = "done") -> None:
        """Add a row.

        Args:
            stage: Of the pipeline.
            action: Of the stage.
            started: When, by the monotonic clock.
            result: How it ended.
        """
        self.rows.append((stage, action, result, time.monotonic() - started))

    def table(self) -> Table:
        """As it is printed."""
        table = Table("Stage", "Action", "Result", "Seconds")
        for stage, action, result, seconds in self.rows:
            table.add_row(stage, action, result, f"{seconds:.1f}")
        return table


def walk(*, approve: bool) -> int:
    """Walk through all stages.

    Args:
        approve: Whether to go on after an approval.

    Returns:
        The exit status.
    """
    home, report = StackHome(STATE / "pipeline", free_port()), WalkReport([])
    stage, action, started = "Set-up", "Synthesise", time.monotonic()
    try:
        template = synthesised.synthesise(home.folder / "cdk.out")
        report.step(stage, action, started)
        with local_aws(home):
            action, started = "Provision", time.monotonic()
            execution = Walk(home, template, approve, _out.print)
            execution.provision()
            report.step(stage, action, started)
            for each in synthesised.stages(template):
                for one in each.actions:
                    stage, action, started = each.name, one.name, time.monotonic()
                    execution.carry_out(one)
                    report.step(stage, action, started)
    except ApprovalDenied:
        report.step(stage, action, started, "waits")
        _out.print("  Stopped at the approval: make pipeline-walk APPROVE=1 gives it and goes on.")
    except (StackError, BotoCoreError, ClientError) as error:
        report.step(stage, action, started, "FAILED")
        _out.print(report.table())
        details = error.details if isinstance(error, StackError) else ""
        print(f"make pipeline-walk: {stage}, {action}: {error}\n{details}", file=sys.stderr)
        return 1
    _out.print(report.table())
    return 0


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.walk", description="Walk through the pipeline's stages.")
    parser.add_argument("--approve", action="store_true", help="give the approval and go on to production")
    arguments = parser.parse_args(words)
    try:
        with sigterm_as_interrupt():
            return walk(approve=arguments.approve)
    except KeyboardInterrupt:
        print("make pipeline-walk: interrupted; nothing was left running.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
