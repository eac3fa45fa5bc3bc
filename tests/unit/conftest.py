"""The unit tier opens no sockets, and says so when somebody tries."""

import os
import socket
from typing import Any, NoReturn

import pytest

# What Lambda and template.yml would set, for modules that read it when they are imported.
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class SocketOpened(AssertionError):
    """A unit test reached for the network."""


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> NoReturn:
        raise SocketOpened("unit tests open no sockets: use a fake, or move the test to another tier")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
