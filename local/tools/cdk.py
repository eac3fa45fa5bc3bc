"""The CDK command line, from the npm lock in `pipeline/`. Every package is checked against its hash; none runs scripts.

python -m local.tools.cdk diff
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from local.environments import ROOT
from local.errors import StackError
from local.progress import ConsoleProgress, ProgressReporter
from local.tools import npm_lock
from local.tools.npm_package import node

APP: Final = ROOT / "pipeline"
_PROGRAM: Final = Path("node_modules", "aws-cdk", "bin", "cdk")


def installed(progress: ProgressReporter, app: Path = APP) -> Path:
    """The CDK's program. The first call with a lock downloads it.

    Args:
        progress: Receives the download step.
        app: The folder with the lock.

    Raises:
        StackError: A download failed or does not match its hash.
    """
    return npm_lock.installed("CDK", app, progress) / _PROGRAM


def main(arguments: list[str]) -> int:
    """Run the CDK in the app's folder and return its exit status. An error is printed as one sentence."""
    try:
        program = installed(ConsoleProgress(Console(stderr=True)))
        interpreter = node()
    except StackError as error:
        print(f"cdk: {error}\n{error.details}".rstrip(), file=sys.stderr)
        return 1
    return subprocess.run([interpreter, str(program), *arguments], cwd=APP, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
