"""The deployed stack's outputs, with addresses that work from this machine."""

import json
from collections.abc import Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from local import record
from local.errors import StackError
from local.home import StackHome, write_private

# The keys are the template's Outputs and EndpointUrl.
Outputs: TypeAlias = Mapping[str, str]

_REWRITTEN: Final = ("ApiEndpoint", "TokenEndpoint", "AuthorizeEndpoint", "JwksUri")


def for_this_machine(stack_outputs: Mapping[str, str], endpoint: str) -> Outputs:
    """Point AWS's own addresses at the local AWS. `Issuer` stays, because tokens contain it unchanged.

    >>> outputs = {"ApiEndpoint": "https://abc.execute-api.eu-west-1.amazonaws.com/local"}
    >>> for_this_machine(outputs, "http://127.0.0.1:4566")["ApiEndpoint"]
    'http://127.0.0.1:4566/_aws/execute-api/abc/local'
    """
    rewritten = {key: _local_address(stack_outputs[key], endpoint) for key in _REWRITTEN if key in stack_outputs}
    return {**stack_outputs, **rewritten, "EndpointUrl": endpoint}


def write(home: StackHome, outputs: Outputs) -> None:
    """Replace the outputs file atomically, so that a reader sees the old file or the new one."""
    home.folder.mkdir(parents=True, exist_ok=True)
    fresh = home.outputs_file.with_suffix(".new")
    write_private(fresh, json.dumps(outputs, indent=2) + "\n")
    fresh.replace(home.outputs_file)


def read(home: StackHome) -> Outputs:
    """The outputs of the last deploy.

    Raises:
        StackError: The stack is not running, or its folder was renamed meanwhile.
    """
    record.check_place(home)
    if record.is_elsewhere(home.folder):
        raise not_running()  # a copy of the folder of another stack
    try:
        outputs = json.loads(home.outputs_file.read_text())
    except (OSError, ValueError):
        raise not_running() from None
    if not isinstance(outputs, dict) or not outputs.keys() >= {"EndpointUrl", *_REWRITTEN}:
        raise not_running()  # written by another version, or edited by hand
    return outputs


def not_running() -> StackError:
    """The error of a command that needs a running stack."""
    return StackError("The local stack is not running. Start it with make up.")


def _local_address(address: str, endpoint: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.split(".")
    # A path instead of AWS's host name, because Python does not resolve *.localhost.
    prefix = f"/_aws/execute-api/{host[0]}" if host[1:2] == ["execute-api"] else ""
    return f"{endpoint}{prefix}{parts.path}"
