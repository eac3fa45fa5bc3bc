"""The description of each route. `contracts.openapi.document` checks that every route is described."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from contracts.openapi.headers import headers, parameters
from contracts.openapi.problems import ANY_ROUTE, Kind, error_responses
from contracts.openapi.schemas import reference
from shared.http import problems

Json = dict[str, Any]

_TRACING: Final = ("X-Correlation-Id", "traceparent")
_READ_PARAMETERS: Final = ("Consistency-Token", "Prefer", *_TRACING)
_CONDITIONS: Final = ("If-Match", "If-None-Match")
_CHANGE_PARAMETERS: Final = ("customer_id", "Idempotency-Key", *_CONDITIONS, *_TRACING)
_WRITE_HEADERS: Final = ("ETag", "Consistency-Token", "X-Correlation-Id")
_BODY_PROBLEMS: Final[tuple[Kind, ...]] = (
    problems.MalformedBody,
    problems.BodyTooLarge,
    problems.UnsupportedMedia,
)
_WRITE_PROBLEMS: Final[tuple[Kind, ...]] = (
    problems.KeyReused,
    problems.Contended,
    problems.NewerRelease,
    problems.PreconditionFailed,
)
_READ_BACK_LINK: Final = {
    "customer_id": "$response.body#/id",
    "header.Consistency-Token": "$response.header.Consistency-Token",
}
_CHANGE_LINK: Final = {"customer_id": "$response.body#/id"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route.

    Attributes:
        id: The operation id, which generated clients use as a name.
        summary: One line.
        description: What else a caller must know.
        parameters: Names of parameters in `contracts.openapi.headers`.
        status: The status of success.
        success: The description of the success response.
        headers: Names of the success response's headers.
        refusals: The problems that only some routes can return.
        body: The name of the request's schema; empty for no body.
        response: The name of the success response's schema; empty for no body.
        links: Names of links from the success response to other operations.
        conditional: Whether If-None-Match can make the response 304.
    """

    id: str
    summary: str
    description: str
    parameters: tuple[str, ...]
    status: HTTPStatus
    success: str
    headers: tuple[str, ...]
    refusals: tuple[Kind, ...] = ()
    body: str = ""
    response: str = ""
    links: tuple[str, ...] = ()
    conditional: bool = False

    @property
    def problems(self) -> tuple[Kind, ...]:
        """All problems that the route can return."""
        return (*ANY_ROUTE, *self.refusals)

    def as_json(self) -> Json:
        """Return the OpenAPI operation, without its security."""
        operation: Json = {
            "operationId": self.id,
            "tags": ["customers"],
            "summary": self.summary,
            "description": self.description,
            "parameters": parameters(*self.parameters),
        }
        if self.body:
            operation["requestBody"] = {"required": True, "content": _json(self.body)}
        responses = {str(int(self.status)): self._success_response(), **error_responses(self.problems)}
        if self.conditional:
            responses["304"] = {
                "description": "If-None-Match names the current version. The response has no body.",
                "headers": headers(*self.headers),
            }
        return {**operation, "responses": responses}

    def _success_response(self) -> Json:
        response: Json = {"description": self.success, "headers": headers(*self.headers)}
        if self.response:
            response["content"] = _json(self.response)
        if self.links:
            response["links"] = {name: {"$ref": f"#/components/links/{name}"} for name in self.links}
        return response


def _json(schema: str) -> Json:
    return {"application/json": {"schema": reference(schema)}}


LINKS: Final[dict[str, Json]] = {
    "GetCustomer": {
        "operationId": "getCustomer",
        "parameters": _READ_BACK_LINK,
        "description": "Reads the customer, including this write.",
    },
    "UpdateCustomer": {
        "operationId": "updateCustomer",
        "parameters": _CHANGE_LINK,
        "description": "Changes the customer.",
    },
    "EraseCustomer": {
        "operationId": "eraseCustomer",
        "parameters": _CHANGE_LINK,
        "description": "Erases the customer.",
    },
    "NextPage": {
        "operationId": "getAllCustomers",
        "parameters": {"cursor": "$response.body#/next_cursor"},
        "description": "Reads the next page, if there is one.",
    },
}

OPERATIONS: Final[dict[str, Operation]] = {
    "POST /customers": Operation(
        id="createCustomer",
        summary="Create a customer",
        description="Reads return the customer a moment later, or at once when they send the Consistency-Token. "
        "If-Match and If-None-Match are about the list, which exists and has no ETag.",
        parameters=("Idempotency-Key", *_TRACING),
        body="CreateCustomer",
        status=HTTPStatus.CREATED,
        success="The customer was created, now or by an earlier request with this Idempotency-Key.",
        headers=("Location", *_WRITE_HEADERS),
        response="Customer",
        links=("GetCustomer", "UpdateCustomer", "EraseCustomer"),
        refusals=(*_BODY_PROBLEMS, *_WRITE_PROBLEMS, problems.FieldTaken, problems.Gone),
    ),
    "GET /customers": Operation(
        id="getAllCustomers",
        summary="List customers, newest first",
        description="The list has no ETag, so `If-Match` and `If-None-Match` are useful as `*` only.",
        parameters=("limit", "cursor", *_READ_PARAMETERS),
        status=HTTPStatus.OK,
        success="A page of customers.",
        headers=("X-Correlation-Id",),
        response="CustomerPage",
        links=("NextPage",),
        refusals=(problems.NotYetReadable, problems.PreconditionFailed),
    ),
    "POST /customers/search": Operation(
        id="searchCustomers",
        summary="Find the customer with an e-mail address",
        description="The page has one customer or nobody. The address is in the body, so that no log of URLs has it. "
        "Without a Consistency-Token, the response may be a moment old. The search has no ETag.",
        parameters=_READ_PARAMETERS,
        body="SearchCustomers",
        status=HTTPStatus.OK,
        success="The customer, or nobody.",
        headers=("X-Correlation-Id",),
        response="CustomerPage",
        refusals=(*_BODY_PROBLEMS, problems.NotYetReadable, problems.PreconditionFailed),
    ),
    "GET /statistics/{view}": Operation(
        id="getStatistics",
        summary="Count customers by group",
        description="How many customers each group has, such as each country. "
        "Without a Consistency-Token, the counts may be a moment old. They have no ETag.",
        parameters=("view", *_READ_PARAMETERS),
        status=HTTPStatus.OK,
        success="The counts.",
        headers=("X-Correlation-Id",),
        response="Statistics",
        refusals=(problems.NotFound, problems.NotYetReadable, problems.PreconditionFailed),
    ),
    "GET /customers/{customer_id}": Operation(
        id="getCustomer",
        summary="Read a customer",
        description="Without a Consistency-Token, the response may be a moment old.",
        parameters=("customer_id", *_CONDITIONS, *_READ_PARAMETERS),
        status=HTTPStatus.OK,
        success="The customer.",
        headers=("ETag", "X-Correlation-Id"),
        response="Customer",
        links=("UpdateCustomer", "EraseCustomer"),
        refusals=(problems.NotFound, problems.NotYetReadable, problems.StaleVersion),
        conditional=True,
    ),
    "PUT /customers/{customer_id}": Operation(
        id="updateCustomer",
        summary="Replace a customer's details",
        description="The body has all details. If nothing changes, there is no new version, except for a request with "
        "an Idempotency-Key, which always creates one.",
        parameters=_CHANGE_PARAMETERS,
        body="UpdateCustomer",
        status=HTTPStatus.OK,
        success="The customer after this request.",
        headers=_WRITE_HEADERS,
        response="Customer",
        links=("GetCustomer", "EraseCustomer"),
        refusals=(*_BODY_PROBLEMS, *_WRITE_PROBLEMS, problems.NotFound, problems.FieldTaken, problems.StaleVersion),
    ),
    "DELETE /customers/{customer_id}": Operation(
        id="eraseCustomer",
        summary="Erase a customer",
        description="Removes the personal data from every event. Erasing a customer again is not an error.",
        parameters=_CHANGE_PARAMETERS,
        status=HTTPStatus.NO_CONTENT,
        success="The customer is erased.",
        headers=_WRITE_HEADERS,
        refusals=(*_WRITE_PROBLEMS, problems.NotFound, problems.StaleVersion),
    ),
}
