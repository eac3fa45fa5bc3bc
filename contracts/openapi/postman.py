"""The requests as a Postman collection, with the sign-in as its first request.

https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from contracts.openapi.requests import Given, Parameter, SampleRequest, sample_requests, scopes_of
from contracts.openapi.security import Addresses

Json = dict[str, Any]

FORMAT: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
TOKEN: Final = "access_token"  # noqa: S105 - the name of a variable
_EMAIL: Final = "email"
# Postman replaces it with a new UUID.
_NEW_KEY: Final = "{{$guid}}"


def postman_collection(document: Json, addresses: Addresses | None = None) -> Json:
    """Return the collection. Run from top to bottom, it signs in, and creates, reads, changes and erases a customer.

    Args:
        document: The OpenAPI document.
        addresses: The URLs of the stack; placeholders by default.

    Raises:
        ContractError: A request has no example.
    """
    addresses, requests = addresses or Addresses(), sample_requests(document)
    given = [each for request in requests for each in request.gives]
    return {
        "info": {
            "name": document["info"]["title"],
            "description": 'Fill in the variables of this collection, send the request "Sign in" first, and then any '
            "other. The page docs/how-to/generate-a-client.md says where the values come from.",
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [_pair("token", f"{{{{{TOKEN}}}}}")]},
        "variable": [
            _variable("ApiEndpoint", addresses.api, "The output ApiEndpoint of the stack."),
            _variable("TokenEndpoint", addresses.token, "The output TokenEndpoint of the stack."),
            _variable("MachineClientId", "", "The output MachineClientId of the stack."),
            _variable("MachineClientSecret", "", "The secret of that client. Do not share a collection that has it."),
            _variable(TOKEN, "", 'Set by the request "Sign in".'),
            _variable(_EMAIL, "", 'Set by the request "Sign in": an address that no customer has.'),
            *(_variable(name, "", "Set by the request that creates a customer.") for name in _names(given)),
        ],
        "item": [_sign_in(document, requests), *(_item(request) for request in requests)],
    }


def rendered(collection: Json) -> str:
    """Return the collection as text."""
    return json.dumps(collection, indent=2, ensure_ascii=False) + "\n"


def _sign_in(document: Json, requests: Iterable[SampleRequest]) -> Json:
    address = next((each.new_address for each in requests if each.new_address), "").format("${Date.now()}")
    form = {"grant_type": "client_credentials", "scope": scopes_of(document)}
    return {
        "name": "Sign in",
        "event": [
            _script("prerequest", [f'pm.collectionVariables.set("{_EMAIL}", `{address}`);']),
            _script(
                "test",
                [
                    *_expect(200),
                    f'pm.collectionVariables.set("{TOKEN}", pm.response.json().access_token);',
                ],
            ),
        ],
        "request": {
            "description": "Client credentials of a service. The token is valid for an hour.",
            "method": "POST",
            "url": "{{TokenEndpoint}}",
            "auth": {
                "type": "basic",
                "basic": [_pair("username", "{{MachineClientId}}"), _pair("password", "{{MachineClientSecret}}")],
            },
            "body": {"mode": "urlencoded", "urlencoded": [_pair(name, value) for name, value in form.items()]},
        },
    }


def _item(request: SampleRequest) -> Json:
    return {
        "name": request.summary,
        "event": [_script("test", [*_expect(request.status), *map(_keep, request.gives)])],
        "request": {
            "description": request.description,
            "method": request.method,
            "header": [_listed(each) for each in request.parameters if each.place == "header"] + _content_type(request),
            "url": _url(request),
            **({"body": _body(request)} if request.body is not None else {}),
        },
    }


def _url(request: SampleRequest) -> Json:
    # Postman writes a parameter of a path with a colon.
    names = {each.name: each for each in request.parameters if each.place == "path"}
    path = [f":{part[1:-1]}" if part.startswith("{") else part for part in request.path.strip("/").split("/")]
    query = [each for each in request.parameters if each.place == "query"]
    asked = "&".join(f"{each.name}={_value(each)}" for each in query if each.sent)
    return {
        "raw": "/".join(["{{ApiEndpoint}}", *path]) + (f"?{asked}" if asked else ""),
        "host": ["{{ApiEndpoint}}"],
        "path": path,
        **({"query": [_listed(each) for each in query]} if query else {}),
        **(
            {"variable": [_variable(name, _value(each), each.description) for name, each in names.items()]}
            if names
            else {}
        ),
    }


def _body(request: SampleRequest) -> Json:
    values = {**(request.body or {}), **dict.fromkeys(request.addresses, f"{{{{{_EMAIL}}}}}")}
    return {
        "mode": "raw",
        "raw": json.dumps(values, indent=2, ensure_ascii=False),
        "options": {"raw": {"language": "json"}},
    }


def _content_type(request: SampleRequest) -> list[Json]:
    return [_pair("Content-Type", "application/json")] if request.body is not None else []


def _listed(parameter: Parameter) -> Json:
    listed = {**_pair(parameter.name, _value(parameter)), "description": parameter.description}
    return listed if parameter.sent else {**listed, "disabled": True}


def _value(parameter: Parameter) -> str:
    if parameter.name == "Idempotency-Key":
        return _NEW_KEY
    return f"{{{{{parameter.variable}}}}}" if parameter.value is None and parameter.sent else parameter.value or ""


def _expect(status: int) -> list[str]:
    return [f'pm.test("The status is {status}", () => pm.response.to.have.status({status}));']


def _keep(given: Given) -> str:
    value = f"pm.response.json().{given.key}" if given.source == "body" else f'pm.response.headers.get("{given.key}")'
    return f'pm.collectionVariables.set("{given.variable}", {value});'


def _script(listen: str, lines: list[str]) -> Json:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def _names(given: Iterable[Given]) -> list[str]:
    return list(dict.fromkeys(each.variable for each in given))


def _pair(key: str, value: str) -> Json:
    return {"key": key, "value": value}


def _variable(key: str, value: str, description: str) -> Json:
    return {"key": key, "value": value, "description": description}
