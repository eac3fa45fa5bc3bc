"""The clients of a soak: each creates, changes, erases and reads its own customers over HTTP."""

import time
from collections.abc import Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx

from benchmarks.soak.journal import Acknowledged, Journal
from local.aws import http_client

_ATTEMPTS: Final = 12
_PAUSE_SECONDS: Final = 0.5
# The local AWS starts a process for each concurrent request, on a busy machine within seconds.
_TIMEOUT_SECONDS: Final = 60.0
# The share of each request. Few customers and many changes: the local AWS reads its whole table for a page of the list.
_REQUESTS: Final[Mapping[str, float]] = {"create": 0.1, "update": 0.5, "erase": 0.03, "get": 0.3, "list": 0.07}


class Client:
    """One client with its own connection and its own customers."""

    def __init__(self, number: int, api: str, token: str, journal: Journal) -> None:
        """Create a client.

        Args:
            number: Tells the clients apart, and seeds what this one does.
            api: The base address of the API, without a trailing slash.
            token: An access token that may read and write.
            journal: Receives every answer.
        """
        self._random = Random(number)
        self._api = api
        self._journal = journal
        self._http = http_client(timeout=_TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tokens: dict[str, str] = {}

    def run(self, until: float, pause: float) -> None:
        """Send requests one after the other.

        Args:
            until: When to stop, on the monotonic clock.
            pause: Seconds between two requests, on average.
        """
        with self._http:
            while time.monotonic() < until:
                self._act()
                time.sleep(self._random.uniform(0, 2 * pause))

    def _act(self) -> None:
        [action] = self._random.choices(list(_REQUESTS), list(_REQUESTS.values()))
        if action == "create" or not self._tokens:
            self._create()
        elif action == "list":
            self._list()
        else:
            customer_id = self._random.choice(list(self._tokens))
            {"update": self._update, "erase": self._erase, "get": self._get}[action](customer_id)

    def _create(self) -> None:
        if answer := self._send("POST", "/customers", json=self._person()):
            customer_id = str(answer.json()["id"])
            self._journal.wrote(customer_id, _version(answer))
            self._tokens[customer_id] = answer.headers["Consistency-Token"]

    def _update(self, customer_id: str) -> None:
        if answer := self._write("PUT", customer_id, json=self._person()):
            self._journal.wrote(customer_id, _version(answer))
            self._tokens[customer_id] = answer.headers["Consistency-Token"]

    def _erase(self, customer_id: str) -> None:
        if answer := self._write("DELETE", customer_id):
            self._journal.wrote(customer_id, _version(answer), erased=True)
        # Whatever the answer, this client is done with the customer.
        del self._tokens[customer_id]

    def _write(self, method: str, customer_id: str, **body: Any) -> httpx.Response | None:
        answer = self._send(method, f"/customers/{customer_id}", **body)
        if answer is None:
            self._journal.lost_track(customer_id)
        return answer

    def _get(self, customer_id: str) -> None:
        headers = {"Consistency-Token": self._tokens[customer_id], "Prefer": "wait=10"}
        answer = self._send("GET", f"/customers/{customer_id}", headers=headers)
        known = self._journal.customers[customer_id]
        if answer and _is_stale(answer, known):
            self._journal.violated(f"{customer_id}: read version {_version(answer)} after {known.version} was written")

    def _list(self) -> None:
        self._send("GET", "/customers?limit=25")

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """Send a request until it is answered with success, always with the same Idempotency-Key.

        Returns:
            None if no attempt was.
        """
        headers = {**self._headers, **request.pop("headers", {}), "Idempotency-Key": self._id()}
        for attempt in range(_ATTEMPTS):
            status, answer = self._attempt(method, path, headers, request)
            self._journal.answered(f"{method} {status}", repeats=int(attempt > 0))
            if answer is not None and answer.is_success:
                return answer
            if (
                answer is not None
                and not answer.is_server_error
                and answer.status_code != httpx.codes.TOO_MANY_REQUESTS
            ):
                self._journal.violated(f"{method} was answered with {status}: {answer.text[:200]}")
                return None
            time.sleep(_PAUSE_SECONDS * (1 + attempt))
        return None

    def _attempt(
        self, method: str, path: str, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> tuple[str, httpx.Response | None]:
        try:
            answer = self._http.request(method, self._api + path, headers=dict(headers), **request)
        except httpx.HTTPError as error:
            return type(error).__name__, None
        slug = answer.json().get("type", "").rpartition("/")[2] if answer.is_server_error else ""
        return f"{answer.status_code} {slug}".rstrip(), answer

    def _person(self) -> dict[str, str]:
        return {
            "full_name": "Ada Lovelace",
            "email": f"{self._id()}@example.com",
            "birth": "1990-05-17",
            "city": f"City {self._random.randrange(1000)}",
            "country": "United Kingdom",
        }

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _version(answer: httpx.Response) -> int:
    return int(answer.headers["ETag"].strip('"'))


def _is_stale(answer: httpx.Response, known: Acknowledged) -> bool:
    return _version(answer) < known.version
