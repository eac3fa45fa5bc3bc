"""axe-core, which finds faults that keep people from using a page, such as low contrast: https://www.deque.com/axe."""

from typing import Final

from local.progress import NoProgress, ProgressReporter
from local.tools.npm_package import Package, installed

PACKAGE: Final = Package(
    "Axe",
    "axe-core",
    "4.11.1",
    "BASOg+YwO2C+346x3LZOeoovTIoTrRqEsqMa6fmfAV0P+U9mFr9NsyOEpiYvFjbc64NMrSswhV50WdXzdb/Z5A==",
)


def source(progress: ProgressReporter | None = None) -> str:
    """The script that defines `axe`, to be evaluated in a page.

    Args:
        progress: Receives the download step.

    Raises:
        StackError: The download failed or does not match the pinned hash.
    """
    folder = installed(PACKAGE, lambda unpacked: unpacked, progress or NoProgress())
    return (folder / "axe.min.js").read_text(encoding="utf-8")
