"""Checks that a new version of CreateCustomer works before it receives traffic.

The check creates a synthetic customer through the new version, looks for it in the event table and in the projection,
and erases it. Only a complete success passes: a wrong or missing response, an error and a timeout are failures.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from commands.context import context_of
from events.codec import decode
from events.customer import CustomerCreated
from events.envelope import Event, Recorded, Unreadable
from shared.http.request import parse
from shared.runtime.observability import describe

ACTOR: Final = "pre-traffic-check"
"""The subject that creates synthetic customers. No token has it, so no other event has this actor."""

DOMAIN: Final = "pre-traffic.example.com"
"""The domain of synthetic addresses. example.com is reserved, so no mail reaches anyone (RFC 2606, section 3)."""

_WAIT_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 0.5

Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Calls a function with API Gateway's event and returns its response."""


@dataclass(frozen=True, slots=True)
class Services:
    """The services that the check uses.

    Attributes:
        create: The new version of CreateCustomer.
        get: GetCustomer, as callers reach it.
        erase: EraseSyntheticCustomer.
        events: Returns all records of a customer, read consistently.
        pause: Waits; takes seconds.
        in_time: Whether there is time for another GET and for all later steps.
    """

    create: Call
    get: Call
    erase: Call
    events: Callable[[str], Sequence[Recorded]]
    pause: Callable[[float], None]
    in_time: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of the check for one deployment.

    Attributes:
        deployment_id: CodeDeploy's id of the deployment.
        run: A new id for each run, so that a repeated check creates another customer.
    """

    deployment_id: str
    run: str

    @property
    def correlation_id(self) -> str:
        """The correlation id of everything that the check causes."""
        return f"pre-traffic-{self.deployment_id}"

    @property
    def person(self) -> dict[str, str]:
        """The synthetic customer's details."""
        return {
            "full_name": "Synthetic Customer",
            "email": f"{self.deployment_id.lower()}.{self.run}@{DOMAIN}",
            "birth": "1970-01-01",
            "city": "Nowhere",
            "country": "Nowhere",
        }

    def creation(self) -> dict[str, Any]:
        """POST /customers as API Gateway passes it to the function."""
        return self._request("write", {"Idempotency-Key": self.run}, body=json.dumps(self.person))

    def query(self, customer_id: str, token: str) -> dict[str, Any]:
        """GET /customers/{customer_id} that waits for the write."""
        headers = {"Consistency-Token": token, "Prefer": f"wait={_WAIT_SECONDS}"}
        return self._request("read", headers, pathParameters={"customer_id": customer_id})

    def erasure(self, customer_id: str) -> dict[str, Any]:
        """DELETE /customers/{customer_id}."""
        return self._request("write", {}, pathParameters={"customer_id": customer_id})

    def expected_id(self) -> str:
        """The id of the created customer, which is known even if the response is lost."""
        return context_of(parse(self.creation()), "POST /customers", "", datetime.now(UTC), "").metadata.command_id

    def _request(self, scope: str, headers: Mapping[str, str], **extra: Any) -> dict[str, Any]:
        claims = {"sub": ACTOR, "client_id": ACTOR, "token_use": "access", "scope": f"customers/{scope}"}
        context = {"requestId": f"{self.correlation_id}-{self.run}", "authorizer": {"claims": claims}}
        return {"requestContext": context, "headers": {"X-Correlation-Id": self.correlation_id, **headers}, **extra}


def is_synthetic(history: Sequence[Recorded]) -> bool:
    """Whether a customer was created by this check: nobody else can be the actor of the first event."""
    return bool(history) and isinstance(history[0], Event) and history[0].metadata.actor == ACTOR


class CheckFailed(Exception):
    """The new version failed the check. The message says why."""


def problems_of(trial: Trial, services: Services) -> list[str]:
    """Run the check and erase the synthetic customer, whatever the result.

    Returns:
        The reasons why the new version must not receive traffic; empty if it may.
    """
    ids = [trial.expected_id()]
    problems = _problems_in(lambda: _check(trial, services, ids))
    return problems + _problems_in(lambda: _clean_up(trial, services, ids[-1]))


def _problems_in(step: Callable[[], None]) -> list[str]:
    try:
        step()
    except CheckFailed as failed:
        return [str(failed)]
    except Exception as error:  # noqa: BLE001 - after any error the new version is not known to work
        return [f"The check raised {describe(error)['error']}."]
    return []


def _check(trial: Trial, services: Services, ids: list[str]) -> None:
    created = services.create(trial.creation())
    customer = _document(created, HTTPStatus.CREATED, "CreateCustomer")
    ids.append(str(customer["id"]))
    expected = {**trial.person, "id": trial.expected_id(), "version": 1}
    wrong = sorted(name for name, value in expected.items() if customer.get(name) != value)
    if wrong:
        raise CheckFailed(f"CreateCustomer returned a wrong {', '.join(wrong)}.")
    _require_event(trial, services.events(ids[-1]))
    _require_projection(trial, services, customer, created["headers"]["Consistency-Token"])


def _require_event(trial: Trial, records: Sequence[Recorded]) -> None:
    versions = [record.version for record in records]
    if versions != [1]:
        raise CheckFailed(f"The event table has versions {versions} of the customer instead of [1].")
    event = records[0]
    if isinstance(event, Unreadable):
        raise CheckFailed(f"The event cannot be read: {event.reason}.")
    if decode(event) != CustomerCreated.model_validate(trial.person):
        raise CheckFailed("The event has different data than the request.")
    _require_origin(trial, event)


def _require_origin(trial: Trial, event: Event) -> None:
    if (event.metadata.actor, event.metadata.correlation_id) != (ACTOR, trial.correlation_id):
        raise CheckFailed("The event has a wrong actor or correlation id.")


def _require_projection(trial: Trial, services: Services, customer: Mapping[str, Any], token: str) -> None:
    while services.in_time():
        answer = services.get(trial.query(customer["id"], token))
        if answer.get("statusCode") != HTTPStatus.SERVICE_UNAVAILABLE:
            if _document(answer, HTTPStatus.OK, "GetCustomer") != customer:
                raise CheckFailed("The projection shows a different customer than the one created.")
            return
        services.pause(_PAUSE_SECONDS)
    raise CheckFailed("The projection did not show the customer in time.")


def _clean_up(trial: Trial, services: Services, customer_id: str) -> None:
    status = services.erase(trial.erasure(customer_id)).get("statusCode")
    if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
        raise CheckFailed(f"EraseSyntheticCustomer returned {status}: the synthetic customer {customer_id} may remain.")


def _document(answer: Mapping[str, Any], status: HTTPStatus, function: str) -> dict[str, Any]:
    if answer.get("statusCode") != status:
        raise CheckFailed(f"{function} returned {answer.get('statusCode')} instead of {int(status)}.")
    document: dict[str, Any] = json.loads(answer["body"])
    return document
