"""The smoke test of a stack: creates a customer over HTTP, waits until the projection shows it, and erases it again."""

import time
import uuid
from dataclasses import dataclass
from typing import Final

import httpx

from local import event_source_mapping_process, functions
from local.aws import LocalAws, http_client
from local.errors import StackError
from local.home import StackHome
from local.outputs import Outputs
from local.processes import tail
from local.tokens import access_token

APPEARS_WITHIN: Final = 30.0  # seconds; it usually takes less than one


@dataclass(frozen=True, slots=True)
class SmokeTestResult:
    """The created customer and how long the projection took.

    Attributes:
        seconds: From the response to the write until the first read that returned the customer.
    """

    customer_id: str
    seconds: float


def run(home: StackHome, outputs: Outputs) -> SmokeTestResult:
    """Create a customer, read it back and erase it, as any client would. No reader sees it afterwards.

    Raises:
        StackError: The customer could not be created, did not appear or could not be erased. The details hold the end
            of the logs.
    """
    headers = {"Authorization": f"Bearer {access_token(outputs)}"}
    customer = {
        "full_name": "Smoke Test",
        "email": f"smoke-test.{uuid.uuid4().hex[:12]}@example.com",
        "birth": "1990-05-17",
        "city": "London",
        "country": "United Kingdom",
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
        seconds = _wait_for(home, outputs, http, f"{address}/{customer_id}", headers)
        _erase(outputs, http, f"{address}/{customer_id}", headers)
        return SmokeTestResult(customer_id, seconds)


def _wait_for(home: StackHome, outputs: Outputs, http: httpx.Client, address: str, headers: dict[str, str]) -> float:
    started = time.monotonic()
    while (answer := _send(http, "GET", address, headers)).status_code != httpx.codes.OK:
        if answer.status_code != httpx.codes.NOT_FOUND:
            raise StackError(
                f"GET /customers/{{customer_id}} answered {answer.status_code} instead of 200: {answer.text[:300]}",
                details=_log_of(outputs, "GetCustomer"),
            )
        if event_source_mapping_process.service(home).find() is None:
            raise StackError(
                "The event source mapping has ended. The end of its log:", details=tail(home.log("mapping"))
            )
        if time.monotonic() - started > APPEARS_WITHIN:
            raise StackError(
                f"The created customer did not appear within {APPEARS_WITHIN:.0f} s. The logs:",
                details=_log_of(outputs, "ProjectCustomers") + "\n" + tail(home.log("mapping")),
            )
        time.sleep(0.05)
    return time.monotonic() - started


def _erase(outputs: Outputs, http: httpx.Client, address: str, headers: dict[str, str]) -> None:
    """Erase the customer, and wait until readers know."""
    erased = _send(http, "DELETE", address, headers)
    if erased.status_code != httpx.codes.NO_CONTENT:
        raise StackError(
            f"DELETE /customers/{{customer_id}} answered {erased.status_code} instead of 204: {erased.text[:300]}",
            details=_log_of(outputs, "EraseCustomer"),
        )
    seen = {"Consistency-Token": erased.headers["Consistency-Token"], "Prefer": "wait=10"}
    answer = _send(http, "GET", address, headers | seen)
    if answer.status_code != httpx.codes.NOT_FOUND:
        raise StackError(
            f"GET /customers/{{customer_id}} answered {answer.status_code} after the erasure instead of 404: "
            f"{answer.text[:300]}",
            details=_log_of(outputs, "ProjectCustomers"),
        )


def _send(
    http: httpx.Client, method: str, address: str, headers: dict[str, str], body: dict[str, str] | None = None
) -> httpx.Response:
    try:
        return http.request(method, address, headers=headers, json=body)
    except httpx.HTTPError as error:
        raise StackError(f"{method} {address} got no response ({error}). Run make up again.") from error


def _log_of(outputs: Outputs, function: str, lines: int = 15) -> str:
    aws = LocalAws(outputs["EndpointUrl"])
    physical_name = functions.names(outputs).get(function, function)
    recent = int((time.time() - 120) * 1000)
    found = sorted(functions.log_lines(aws, {function: physical_name}, recent), key=lambda line: line.at)
    return "\n".join(f"{line.function}  {line.text}" for line in found[-lines:])
