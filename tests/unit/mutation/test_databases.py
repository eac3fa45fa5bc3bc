"""Each process of a mutation run has a server of its own."""

from pathlib import Path
from typing import Any

import pytest

from local.tools import dynamodb_local
from tests.mutation.databases import ENDPOINTS, LOCKS, empty_tables

FIRST, SECOND = "http://127.0.0.1:8001", "http://127.0.0.1:8002"


class FakeServers:
    """The names of the tables of each server."""

    def __init__(self) -> None:
        self.tables: dict[str, list[str]] = {FIRST: [], SECOND: []}

    def client(self, endpoint: str) -> Any:
        return FakeDatabase(self.tables[endpoint])


class FakeDatabase:
    """The client of one server."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def list_tables(self) -> dict[str, list[str]]:
        return {"TableNames": list(self._names)}

    def delete_table(self, TableName: str) -> None:  # noqa: N803 - boto3's name
        self._names.remove(TableName)

    def create_table(self, TableName: str) -> None:  # noqa: N803 - boto3's name
        self._names.append(TableName)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> FakeServers:
    fake = FakeServers()
    monkeypatch.setattr(dynamodb_local, "client", fake.client)
    return fake


def test_processes_at_once_use_different_servers_and_there_must_be_enough(servers: FakeServers, tmp_path: Path) -> None:
    environment = {ENDPOINTS: f"{FIRST} {SECOND}", LOCKS: str(tmp_path)}
    rows: Any = [{"TableName": "rows"}]

    with empty_tables(environment, rows), empty_tables(environment, rows):
        assert servers.tables == {FIRST: ["rows"], SECOND: ["rows"]}
        with (
            pytest.raises(RuntimeError, match="another process uses each of the servers"),
            empty_tables(environment, rows),
        ):
            pass


def test_what_an_earlier_process_left_is_removed(servers: FakeServers, tmp_path: Path) -> None:
    servers.tables[FIRST] += ["rows", "generations-1"]

    with empty_tables({ENDPOINTS: FIRST, LOCKS: str(tmp_path)}, [{"TableName": "rows"}]):
        assert servers.tables[FIRST] == ["rows"]
