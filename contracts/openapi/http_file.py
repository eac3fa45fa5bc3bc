"""The requests as a `.http` file, which JetBrains' editors and httpYac can send.

https://www.jetbrains.com/help/idea/exploring-http-syntax.html
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from contracts.openapi.requests import Given, Parameter, SampleRequest, sample_requests, scopes_of
from contracts.openapi.security import Addresses

Json = dict[str, Any]

# The editor replaces these with the time in seconds and with a new UUID.
_NOW: Final = "{{$timestamp}}"
_NEW_KEY: Final = "{{$uuid}}"


def http_file(document: Json, addresses: Addresses | None = None) -> str:
    """Return the text of the file, with the sign-in as its first request.

    Args:
        document: The OpenAPI document.
        addresses: The URLs of the stack; placeholders by default.

    Raises:
        ContractError: A request has no example.
    """
    requests = sample_requests(document)
    known: set[str] = set()
    parts = [_head(document, addresses or Addresses())]
    for request in requests:
        parts.append("\n".join([*_request(request, known), *_script(request, known), ""]))
        known |= {*(each.variable for each in request.gives), *request.addresses}
    return "\n".join(parts)


def _head(document: Json, addresses: Addresses) -> str:
    scopes = scopes_of(document).replace("/", "%2F").replace(" ", "+")
    return f"""\
# {document["info"]["title"]}: send "Sign in" first, and then any other request. The page
# docs/how-to/generate-a-client.md says where the values of these variables come from. Do not commit a secret.
@ApiEndpoint = {addresses.api}
@TokenEndpoint = {addresses.token}
@MachineClientId = CLIENT_ID
@MachineClientSecret = CLIENT_SECRET

### Sign in
# @name signIn
POST {{{{TokenEndpoint}}}}
Authorization: Basic {{{{MachineClientId}}}} {{{{MachineClientSecret}}}}
Content-Type: application/x-www-form-urlencoded

grant_type=client_credentials&scope={scopes}

> {{% client.global.set("access_token", response.body.access_token); %}}
"""


def _request(request: SampleRequest, known: set[str]) -> Iterator[str]:
    path = request.path
    for each in request.sent("path"):
        path = path.replace(f"{{{each.name}}}", _value(each))
    query = "&".join(f"{each.name}={_value(each)}" for each in request.sent("query"))
    yield f"### {request.summary}"
    yield f"# @name {request.id}"
    yield f"{request.method} {{{{ApiEndpoint}}}}{path}{'?' + query if query else ''}"
    yield "Authorization: Bearer {{access_token}}"
    for each in request.sent("header"):
        yield f"{each.name}: {_value(each)}"
    if request.body is not None:
        new = request.new_address.format(_NOW)
        addresses = {name: f"{{{{{name}}}}}" if name in known else new for name in request.addresses}
        yield "Content-Type: application/json"
        yield ""
        yield json.dumps({**request.body, **addresses}, indent=2, ensure_ascii=False)


def _script(request: SampleRequest, known: set[str]) -> Iterator[str]:
    lines = [_keep(each) for each in request.gives]
    if lines:
        lines += [_keep(Given(name, "body", name)) for name in request.addresses if name not in known]
        yield ""
        yield "\n".join(["> {%", *lines, "%}"])


def _keep(given: Given) -> str:
    found = f"response.body.{given.key}" if given.source == "body" else f'response.headers.valueOf("{given.key}")'
    return f'  client.global.set("{given.variable}", {found});'


def _value(parameter: Parameter) -> str:
    if parameter.name == "Idempotency-Key":
        return _NEW_KEY
    return parameter.value if parameter.value is not None else f"{{{{{parameter.variable}}}}}"
