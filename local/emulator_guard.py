"""Starts the emulator behind a guard that keeps web pages out.

The emulator checks no signature of its root key and allows every origin to read its responses. Without a guard, any
page in the developer's browser could read the tables and run code as the developer while the stack is up.

The guard refuses a foreign Host, against DNS rebinding, and lets browsers reach only the API and the hosted sign-in.
SDKs, the SAM CLI and functions send neither Origin nor Sec-Fetch-Site, so nothing changes for them.

It also leads from a problem's `type`, which is a path on this host, to the page that the deployed API serves there.

It runs on the emulator's own interpreter as a script and imports nothing of this project: with the project's folder on
the path, functions could import modules that their packages lack.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Final, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# Each pattern is narrower than the emulator's routing: a path that the emulator routed elsewhere would be a way around.
_API_PATHS: Final = re.compile(
    r"/_aws/execute-api/[a-z0-9]+/(local|staging|production)(/.*)?"
    r"|/restapis/[a-z0-9]+/(local|staging|production)/_user_request_(/.*)?",
    re.DOTALL,
)
_API_HOST: Final = re.compile(r"[a-f0-9]{8}\.execute-api\.localhost:[0-9]+")
_PATHS_AT_API_HOST: Final = re.compile(r"/(local|staging|production)(/.*)?", re.DOTALL)
_SIGN_IN: Final = re.compile(
    r"GET /oauth2/authorize|POST /(oauth2/)?login|POST /oauth2/token|(GET|POST) /oauth2/user[Ii]nfo|GET /logout"
    r"|GET /[a-z]+(-[a-z]+)+-[0-9]_[A-Za-z0-9]+/\.well-known/(jwks\.json|openid-configuration)"
)
_PREFLIGHTED: Final = ("GET", "POST")
_PROBLEM_TYPE: Final = re.compile(r"/docs/problems(/[a-z-]+)?")


class Guard:
    """An ASGI application that forwards to another one what `refusal` allows."""

    def __init__(self, app: App, port: int, outputs: Path) -> None:
        """Guard an application.

        Args:
            port: The port that the application listens on.
            outputs: The file with the stack's outputs, once it is deployed.
        """
        self._app = app
        self._port = port
        self._outputs = outputs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":  # the API has none
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and (page := problem_page(scope, self._port, self._outputs)):
            await _redirect(send, page)
        elif scope["type"] == "http" and (reason := refusal(scope, self._port)):
            await _refuse(send, reason)
        else:
            await self._app(scope, receive, send)


def refusal(scope: Scope, port: int) -> str | None:
    """Why a request is refused; None if it may pass.

    Args:
        scope: ASGI's description of the request.
        port: The port that the emulator listens on.
    """
    headers = _headers(scope)
    match headers.get("host", []):
        case [_] as host if host in _own_hosts(port):
            at_api_host = False
        case [host] if _API_HOST.fullmatch(host) and host.endswith(f":{port}"):
            at_api_host = True
        case _:
            return f"This local AWS answers only to 127.0.0.1:{port} and localhost:{port}. Use one of them as the host."
    from_browser = headers.keys() & {"origin", "sec-fetch-site"}
    if from_browser and not _is_open_to_browsers(scope["method"], scope["path"], at_api_host=at_api_host):
        return "A browser may reach only the API and the sign-in of this local AWS. Use the AWS CLI or an SDK."
    return None


def problem_page(scope: Scope, port: int, outputs: Path) -> str | None:
    """The page of the problem whose `type` a request names; None for other requests, or before the deployment.

    Args:
        scope: ASGI's description of the request.
        port: The port that the emulator listens on.
        outputs: The file with the stack's outputs.
    """
    if scope["method"] != "GET" or not _PROBLEM_TYPE.fullmatch(scope["path"]):
        return None
    if _headers(scope).get("host") not in _own_hosts(port):
        return None
    try:
        return f"{json.loads(outputs.read_text())['ApiEndpoint']}{scope['path']}"
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _own_hosts(port: int) -> tuple[list[str], list[str]]:
    return [f"127.0.0.1:{port}"], [f"localhost:{port}"]


def _headers(scope: Scope) -> dict[str, list[str]]:
    """All values of each header by lower-case name."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return headers


def _is_open_to_browsers(method: str, path: str, *, at_api_host: bool) -> bool:
    if at_api_host:
        return _PATHS_AT_API_HOST.fullmatch(path) is not None
    if _API_PATHS.fullmatch(path):
        return True
    methods = _PREFLIGHTED if method == "OPTIONS" else (method,)
    return any(_SIGN_IN.fullmatch(f"{each} {path}") for each in methods)


async def _refuse(send: Send, reason: str) -> None:
    body = f"{reason}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, address: str) -> None:
    headers = [(b"location", address.encode()), (b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def main() -> None:
    """Run the emulator, guarded, until it is stopped."""
    import yaml  # noqa: PLC0415

    # libyaml's parser builds the same nodes in a tenth of the time.
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[misc, assignment]
    from ministack import app as emulator  # type: ignore[import-not-found]  # noqa: PLC0415

    emulator.app = Guard(emulator.app, int(os.environ["GATEWAY_PORT"]), Path(os.environ["STACK_OUTPUTS"]))
    emulator.main()


if __name__ == "__main__":
    main()
