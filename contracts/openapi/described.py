"""What each route does, takes and answers; whether all routes are here, `contracts.openapi.document` checks."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from contracts.openapi.headers import headers, parameters
from contracts.openapi.problems import ANY_ROUTE, Kind, answers
from contracts.openapi.schemas import reference
from shared.http import problems

Json = dict[str, Any]

_CALLERS_OWN: Final = ("X-Correlation-Id", "traceparent")
_READ: Final = ("Consistency-Token", "Prefer", *_CALLERS_OWN)
_WRITE_EXISTING: Final = ("customer_id", "Idempotency-Key", "If-Match", *_CALLERS_OWN)
_WRITTEN: Final = ("ETag", "Consistency-Token", "X-Correlation-Id")
_BAD_BODY: Final[tuple[Kind, ...]] = (problems.MalformedBody, problems.BodyTooLarge)
_OF_WRITES: Final[tuple[Kind, ...]] = (problems.KeyReused, problems.Contended)
_READ_BACK: Final = {
    "customer_id": "$response.body#/id",
    "header.Consistency-Token": "$response.header.Consistency-Token",
}
_CHANGE: Final = {"customer_id": "$response.body#/id"}


@dataclass(frozen=True, slots=True)
class Operation:
    """A route in words and parts.

    Attributes:
        id: Names it in code that is made from the description.
        summary: One line.
        description: What else a caller must know.
        parameters: Names of parameters.
        status: When all is well.
        answered: What that answer is.
        headers: Names of that answer's headers.
        refusals: Problems beside those of any route.
        body: The request's schema.
        answer: That answer's schema.
        links: From that answer to other operations.
    """

    id: str
    summary: str
    description: str
    parameters: tuple[str, ...]
    status: HTTPStatus
    answered: str
    headers: tuple[str, ...]
    refusals: tuple[Kind, ...] = ()
    body: str = ""
    answer: str = ""
    links: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Kind, ...]:
        """All that it may answer with when something is wrong."""
        return (*ANY_ROUTE, *self.refusals)

    def as_json(self) -> Json:
        """As OpenAPI has it, without its security."""
        described: Json = {
            "operationId": self.id,
            "tags": ["customers"],
            "summary": self.summary,
            "description": self.description,
            "parameters": parameters(*self.parameters),
        }
        if self.body:
            described["requestBody"] = {"required": True, "content": _json(self.body)}
        responses = {str(int(self.status)): self._well(), **answers(self.problems)}
        return {**described, "responses": responses}

    def _well(self) -> Json:
        answer: Json = {"description": self.answered, "headers": headers(*self.headers)}
        if self.answer:
            answer["content"] = _json(self.answer)
        if self.links:
            answer["links"] = {name: {"$ref": f"#/components/links/{name}"} for name in self.links}
        return answer


def _json(schema: str) -> Json:
    return {"application/json": {"schema": reference(schema)}}


LINKS: Final[dict[str, Json]] = {
    "GetCustomer": {
        "operationId": "getCustomer",
        "parameters": _READ_BACK,
        "description": "Reads the customer, this write included.",
    },
    "UpdateCustomer": {"operationId": "updateCustomer", "parameters": _CHANGE, "description": "Changes the customer."},
    "EraseCustomer": {"operationId": "eraseCustomer", "parameters": _CHANGE, "description": "Erases the customer."},
    "NextPage": {
        "operationId": "getAllCustomers",
        "parameters": {"cursor": "$response.body#/next_cursor"},
        "description": "The next page, unless this is the last one.",
    },
}

OPERATIONS: Final[dict[str, Operation]] = {
    "POST /customers": Operation(
        id="createCustomer",
        summary="Create a customer",
        description="Reads see the customer a moment later, or at once with the Consistency-Token.",
        parameters=("Idempotency-Key", *_CALLERS_OWN),
        body="CreateCustomer",
        status=HTTPStatus.CREATED,
        answered="Created, or created by an earlier try with this Idempotency-Key.",
        headers=("Location", *_WRITTEN),
        answer="Customer",
        links=("GetCustomer", "UpdateCustomer", "EraseCustomer"),
        refusals=(*_BAD_BODY, *_OF_WRITES, problems.FieldTaken, problems.Gone),
    ),
    "GET /customers": Operation(
        id="getAllCustomers",
        summary="List customers, newest first",
        description="Unknown query parameters are refused; of a repeated one the last counts.",
        parameters=("limit", "cursor", *_READ),
        status=HTTPStatus.OK,
        answered="A page.",
        headers=("X-Correlation-Id",),
        answer="CustomerPage",
        links=("NextPage",),
        refusals=(problems.NotYetReadable,),
    ),
    "GET /customers/{customer_id}": Operation(
        id="getCustomer",
        summary="Read a customer",
        description="Without a Consistency-Token the answer may be a moment old.",
        parameters=("customer_id", *_READ),
        status=HTTPStatus.OK,
        answered="The customer.",
        headers=("ETag", "X-Correlation-Id"),
        answer="Customer",
        links=("UpdateCustomer", "EraseCustomer"),
        refusals=(problems.NotFound, problems.NotYetReadable),
    ),
    "PUT /customers/{customer_id}": Operation(
        id="updateCustomer",
        summary="Replace a customer's details",
        description="All details are given. Details that are so already make no new version, except for a request with "
        "an Idempotency-Key, which always makes one.",
        parameters=_WRITE_EXISTING,
        body="UpdateCustomer",
        status=HTTPStatus.OK,
        answered="The customer as this request left them.",
        headers=_WRITTEN,
        answer="Customer",
        links=("GetCustomer", "EraseCustomer"),
        refusals=(*_BAD_BODY, *_OF_WRITES, problems.NotFound, problems.FieldTaken, problems.StaleVersion),
    ),
    "DELETE /customers/{customer_id}": Operation(
        id="eraseCustomer",
        summary="Erase a customer",
        description="The personal data is taken out of every event. To erase again is no error.",
        parameters=_WRITE_EXISTING,
        status=HTTPStatus.NO_CONTENT,
        answered="Erased, now or before.",
        headers=_WRITTEN,
        refusals=(*_OF_WRITES, problems.NotFound, problems.StaleVersion),
    ),
}
