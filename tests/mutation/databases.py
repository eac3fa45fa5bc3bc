"""Gives each process of a mutation run a DynamoDB Local of its own, with empty tables.

With tables that keep what other mutants wrote, a test that reads a whole table would take longer from mutant to mutant,
until it ran out of time and counted as one that noticed.
"""

import fcntl
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from local.tools import dynamodb_local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

ENDPOINTS: Final = "DYNAMODB_LOCAL_ENDPOINTS"
LOCKS: Final = "DYNAMODB_LOCAL_LOCKS"


@contextmanager
def servers(number: int) -> "Iterator[dict[str, str]]":
    """Run servers for as long as the block runs.

    Args:
        number: At least as many as processes that use one at once.

    Yields:
        The environment variables by which `empty_tables` finds them.
    """
    with ExitStack() as stack:
        endpoints = [stack.enter_context(dynamodb_local.running()) for _ in range(number)]
        locks = stack.enter_context(TemporaryDirectory(prefix="mutation-"))
        yield {ENDPOINTS: " ".join(endpoints), LOCKS: locks}


@contextmanager
def empty_tables(
    environment: "Mapping[str, str]", tables: "Sequence[CreateTableInputTypeDef]"
) -> "Iterator[DynamoDBClient]":
    """Create tables on a server that no other process uses for as long as the block runs.

    A server is free again when its process ends, also if it is killed. What is left there is removed by the next one.

    Args:
        environment: As `servers` yields it.
        tables: Arguments of `create_table`.

    Yields:
        A client of the server.

    Raises:
        RuntimeError: There are more processes than servers.
    """
    for endpoint in environment[ENDPOINTS].split():
        with (Path(environment[LOCKS]) / str(urlsplit(endpoint).port)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            client = dynamodb_local.client(endpoint)
            for name in client.list_tables()["TableNames"]:
                client.delete_table(TableName=name)
            for table in tables:
                client.create_table(**table)
            yield client
            return
    raise RuntimeError(f"another process uses each of the servers in {ENDPOINTS}")
