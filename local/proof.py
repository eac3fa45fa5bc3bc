"""Proves that the stack works: one customer goes in over HTTP and must come out of the projection."""

import time
import uuid
from dataclasses import dataclass

import httpx

from local import functions, mapping_service
from local.aws import LocalAws, http_client
from local.errors import StackError
from local.home import StackHome
from local.outputs import Outputs
from local.processes import tail
from local.tokens import access_token

APPEARS_WITHIN = 30.0  # seconds; it takes less than one


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen.

    Attributes:
        customer_id: The customer that was created.
        seconds: From the answer to the write until the first read that showed it.
    """

    customer_id: str
    seconds: float


def prove(home: StackHome, outputs: Outputs) -> Proof:
    """Create a customer and read it back, as any client would.

    Raises:
        StackError: It could not be created or did not appear; the details hold the end of the logs that tell why.
    """
    headers = {"Authorization": f"Bearer {access_token(outputs)}"}
    customer = {
        "full_name": "Ada Lovelace",
        "email": f"ada.{uuid.uuid4().hex[:12]}@example.com",
        "birth": "1990-05-17",
        "city": "London",
        "country": "GB",
    }
    with http_client() as http:
        address = f"{outputs['ApiEndpoint']}/customers"
        created = _send(http, "POST", address, headers, customer)
        if created.status_code != httpx.codes.CREATED:
            raise StackError(
                f"POST /customers answered {created.status_code} instead of 201: {created.text[:300]}",
                details=_log_of(outputs, "CreateCustomer"),
            )
        customer_id = str(created.json()["id"])
        return Proof(customer_id, _wait_for(home, outputs, http, f"{address}/{customer_id}", headers))


def _wait_for(home: StackHome, outputs: Outputs, http: httpx.Client, address: str, headers: dict[str, str]) -> float:
    started = time.monotonic()
    while (answer := _send(http, "GET", address, headers)).status_code != httpx.codes.OK:
        if answer.status_code != httpx.codes.NOT_FOUND:
            raise StackError(
                f"GET /customers/{{customer_id}} answered {answer.status_code} instead of 200: {answer.text[:300]}",
                details=_log_of(outputs, "GetCustomer"),
            )
        if mapping_service.service(home).find() is None:
            raise StackError("The mapping service has ended; the end of its log:", details=tail(home.log("mapping")))
        if time.monotonic() - started > APPEARS_WITHIN:
            raise StackError(
                f"A customer that was created did not appear within {APPEARS_WITHIN:.0f} s; the logs on its way:",
                details=_log_of(outputs, "ProjectCustomers") + "\n" + tail(home.log("mapping")),
            )
        time.sleep(0.05)
    return time.monotonic() - started


def _send(
    http: httpx.Client, method: str, address: str, headers: dict[str, str], body: dict[str, str] | None = None
) -> httpx.Response:
    try:
        return http.request(method, address, headers=headers, json=body)
    except httpx.HTTPError as error:
        raise StackError(f"{method} {address} got no answer ({error}): run make up again.") from error


def _log_of(outputs: Outputs, function: str, lines: int = 15) -> str:
    aws = LocalAws(outputs["EndpointUrl"])
    physical = functions.names(outputs).get(function, function)
    recent = int((time.time() - 120) * 1000)
    found = sorted(functions.log_lines(aws, {function: physical}, recent), key=lambda line: line.at)
    return "\n".join(f"{line.function}  {line.text}" for line in found[-lines:])
