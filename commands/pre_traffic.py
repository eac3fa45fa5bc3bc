"""Whether a new version of CreateCustomer works, asked before anybody's traffic goes to it.

A synthetic customer is created through the new version, looked for in the event table and in the projection, and
erased. Nothing but a full success passes: a wrong answer, an unknown one, an error or too little time is a failure.
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
"""Who asks for a synthetic customer; no token has this subject, so nobody else's events do."""

DOMAIN: Final = "pre-traffic.example.com"
"""Where synthetic addresses are: example.com is reserved, so no mail can reach anybody (RFC 2606, section 3)."""

_WAIT_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 0.5

Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Hands a function API Gateway's event and gives its answer."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the check works with.

    Attributes:
        create: The new version of CreateCustomer.
        get: GetCustomer, as callers reach it.
        erase: EraseCustomer, as callers reach it.
        events: Everything recorded of a customer, read consistently.
        pause: Waits so many seconds.
        in_time: Whether there is time for another look and for all that comes after it.
    """

    create: Call
    get: Call
    erase: Call
    events: Callable[[str], Sequence[Recorded]]
    pause: Callable[[float], None]
    in_time: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Trial:
    """One try of one deployment.

    Attributes:
        deployment_id: CodeDeploy's name for it.
        run: Names the try, so that a repeat starts anew.
    """

    deployment_id: str
    run: str

    @property
    def correlation_id(self) -> str:
        """Ties together all that the check causes."""
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
        """POST /customers as API Gateway would hand it to the function."""
        return self._request("write", {"Idempotency-Key": self.run}, body=json.dumps(self.person))

    def look(self, customer_id: str, token: str) -> dict[str, Any]:
        """GET /customers/{customer_id} that waits for the write."""
        headers = {"Consistency-Token": token, "Prefer": f"wait={_WAIT_SECONDS}"}
        return self._request("read", headers, pathParameters={"customer_id": customer_id})

    def erasure(self, customer_id: str) -> dict[str, Any]:
        """DELETE /customers/{customer_id}."""
        return self._request("write", {}, pathParameters={"customer_id": customer_id})

    def expected_id(self) -> str:
        """The id that the creation leads to, known also when its answer is lost."""
        return context_of(parse(self.creation()), "POST /customers", "", datetime.now(UTC), "").metadata.command_id

    def _request(self, scope: str, headers: Mapping[str, str], **extra: Any) -> dict[str, Any]:
        claims = {"sub": ACTOR, "scope": f"customers/{scope}"}
        context = {"requestId": f"{self.correlation_id}-{self.run}", "authorizer": {"claims": claims}}
        return {"requestContext": context, "headers": {"X-Correlation-Id": self.correlation_id, **headers}, **extra}


class CheckFailed(Exception):
    """Something is not as it must be; the text says what."""


def problems_of(trial: Trial, services: Services) -> list[str]:
    """Run the check, and clean up whatever came of it.

    Args:
        trial: Which deployment.
        services: What to work with.

    Returns:
        Why traffic must not go to the new version; nothing where it may.
    """
    made = [trial.expected_id()]
    problems = _problems_in(lambda: _walk(trial, services, made))
    return problems + _problems_in(lambda: _clean_up(trial, services, made[-1]))


def _problems_in(step: Callable[[], None]) -> list[str]:
    try:
        step()
    except CheckFailed as failed:
        return [str(failed)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the new version is not known to work
        return [f"{describe(error)['error']} in the check"]
    return []


def _walk(trial: Trial, services: Services, made: list[str]) -> None:
    created = services.create(trial.creation())
    customer = _document(created, HTTPStatus.CREATED, "CreateCustomer")
    made.append(str(customer["id"]))
    wanted = {**trial.person, "id": trial.expected_id(), "version": 1}
    wrong = sorted(name for name, value in wanted.items() if customer.get(name) != value)
    if wrong:
        raise CheckFailed(f"CreateCustomer answered another {', '.join(wrong)}.")
    _require_event(trial, services.events(made[-1]))
    _require_projection(trial, services, customer, created["headers"]["Consistency-Token"])


def _require_event(trial: Trial, found: Sequence[Recorded]) -> None:
    if [event.version for event in found] != [1]:
        raise CheckFailed(f"The event table has {len(found)} events of the customer where there must be one.")
    event = found[0]
    if isinstance(event, Unreadable):
        raise CheckFailed(f"The event cannot be read: {event.reason}.")
    if decode(event) != CustomerCreated.model_validate(trial.person):
        raise CheckFailed("The event says something else than was asked.")
    _require_origin(trial, event)


def _require_origin(trial: Trial, event: Event) -> None:
    if (event.metadata.actor, event.metadata.correlation_id) != (ACTOR, trial.correlation_id):
        raise CheckFailed("The event does not say where it came from.")


def _require_projection(trial: Trial, services: Services, customer: Mapping[str, Any], token: str) -> None:
    while services.in_time():
        answer = services.get(trial.look(customer["id"], token))
        if answer.get("statusCode") != HTTPStatus.SERVICE_UNAVAILABLE:
            if _document(answer, HTTPStatus.OK, "GetCustomer") != customer:
                raise CheckFailed("The projection shows another customer than was created.")
            return
        services.pause(_PAUSE_SECONDS)
    raise CheckFailed("The projection did not have the customer in time.")


def _clean_up(trial: Trial, services: Services, customer_id: str) -> None:
    status = services.erase(trial.erasure(customer_id)).get("statusCode")
    if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
        raise CheckFailed(f"EraseCustomer answered {status}: the synthetic customer {customer_id} may be left.")


def _document(answer: Mapping[str, Any], status: HTTPStatus, function: str) -> dict[str, Any]:
    if answer.get("statusCode") != status:
        raise CheckFailed(f"{function} answered {answer.get('statusCode')} where {int(status)} was due.")
    document: dict[str, Any] = json.loads(answer["body"])
    return document
