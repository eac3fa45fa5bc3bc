"""A request for each operation of the OpenAPI document, in an order in which all of them succeed.

What a response gives to later requests comes from the document's links.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from contracts.errors import ContractError

Json = dict[str, Any]

# The parameters that a request sends although they are optional.
SENT: Final = ("Idempotency-Key", "Consistency-Token")
_METHODS: Final = frozenset(["get", "post", "put", "patch", "delete"])
_BODY: Final = "$response.body#/"
_HEADER: Final = "$response.header."


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a request.

    Attributes:
        place: `path`, `query` or `header`.
        value: A value that the operation accepts, or None if an earlier response gives it.
        sent: Whether the request sends it. The others are optional.
    """

    name: str
    place: str
    description: str
    value: str | None
    sent: bool

    @property
    def variable(self) -> str:
        """The name of the variable with its value."""
        return _variable(self.name)


@dataclass(frozen=True, slots=True)
class Given:
    """What a response gives to later requests.

    Attributes:
        name: The name of the parameter that it is for.
        source: `body` or `header`.
        key: The field of the body, or the name of the header.
    """

    name: str
    source: str
    key: str

    @property
    def variable(self) -> str:
        """The name of the variable that keeps it."""
        return _variable(self.name)


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """A request that the API accepts.

    Attributes:
        id: The operation id.
        path: With parameters in braces.
        body: The body, or None.
        addresses: The names of the body's fields that are e-mail addresses. Clients send a variable
            instead, because an address must be new for each customer.
        status: The status of success.
        gives: What later requests take from the response.
    """

    id: str
    summary: str
    description: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Json | None
    addresses: tuple[str, ...]
    status: int
    gives: tuple[Given, ...]

    @property
    def new_address(self) -> str:
        """An address of the example with a place for something new: `ada+{}@example.com`. Empty without an address."""
        value = (self.body or {}).get(self.addresses[0], "") if self.addresses else ""
        return "+{}@".join(value.split("@"))

    def sent(self, place: str) -> list[Parameter]:
        """The parameters of one place that the request sends."""
        return [parameter for parameter in self.parameters if parameter.place == place and parameter.sent]


def sample_requests(document: Json) -> list[SampleRequest]:
    """Return a request for each operation. Requests that delete come last.

    Args:
        document: The OpenAPI document.

    Raises:
        ContractError: A required parameter or a body has no example, and no earlier response gives it.
    """
    found = sorted(_operations(document), key=lambda each: each[1] == "delete")
    given: set[str] = set()
    requests = []
    for path, method, operation in found:
        request = _request(document, path, method, operation, given)
        given |= {each.name for each in request.gives}
        requests.append(request)
    return requests


def scopes_of(document: Json) -> str:
    """Return all scopes of the OpenAPI document, separated by spaces."""
    [flow] = document["components"]["securitySchemes"]["oauth"]["flows"].values()
    return " ".join(flow["scopes"])


def _variable(name: str) -> str:
    # Clients evaluate a name as an expression, in which a hyphen is a minus.
    return name.lower().replace("-", "_")


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in (each for each in item if each in _METHODS):
            yield path, method, item[method]


def _request(document: Json, path: str, method: str, operation: Json, given: set[str]) -> SampleRequest:
    name = f"{method.upper()} {path}"
    status, success = next((int(code), each) for code, each in operation["responses"].items() if code.startswith("2"))
    body, addresses = _body(document, operation, name)
    parameters = [_parameter(_resolved(document, each), name, given) for each in operation["parameters"]]
    own = {each.name for each in parameters if each.place == "path"}
    return SampleRequest(
        operation["operationId"],
        operation["summary"],
        operation["description"],
        method.upper(),
        path,
        tuple(parameters),
        body,
        addresses,
        status,
        tuple(each for each in _gives(document, success) if each.name not in own),
    )


def _parameter(parameter: Json, operation: str, given: set[str]) -> Parameter:
    name, schema = parameter["name"], parameter["schema"]
    required, taken = parameter.get("required", False), parameter["name"] in given
    value = None if taken else _example(schema)
    if required and value is None and not taken:
        raise ContractError(
            f"The parameter '{name}' of {operation} has no example: "
            "add one to its schema in contracts/openapi/headers.py."
        )
    sent = required or (name in SENT and (taken or name == "Idempotency-Key"))
    return Parameter(name, parameter["in"], parameter["description"], value, sent)


def _example(schema: Json) -> str | None:
    candidates = [*schema.get("examples", []), *schema.get("enum", []), *filter(None, [schema.get("default")])]
    return str(candidates[0]) if candidates else None


def _body(document: Json, operation: Json, name: str) -> tuple[Json | None, tuple[str, ...]]:
    if "requestBody" not in operation:
        return None, ()
    schema = _resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])
    if not schema.get("examples"):
        raise ContractError(
            f"The body of {name} has no example: add one to its schema in contracts/openapi/schemas.py."
        )
    example = copy.deepcopy(schema["examples"][0])
    return example, tuple(field for field, value in example.items() if isinstance(value, str) and "@" in value)


def _gives(document: Json, success: Json) -> Iterator[Given]:
    links = [_resolved(document, link) for link in success.get("links", {}).values()]
    expressions = {name: text for link in links for name, text in link.get("parameters", {}).items()}
    for name, text in expressions.items():
        # A header's name follows its place, such as header.Consistency-Token. A query is optional.
        parameter = name.removeprefix("header.")
        if document["components"]["parameters"][parameter]["in"] == "query":
            continue
        if text.startswith(_BODY):
            yield Given(parameter, "body", text.removeprefix(_BODY))
        elif text.startswith(_HEADER):
            yield Given(parameter, "header", text.removeprefix(_HEADER))


def _resolved(document: Json, node: Json) -> Json:
    if "$ref" not in node:
        return node
    found = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found
