"""Simulated callers of the API's writes: they repeat requests, collide, give up, and remember the responses."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Protocol

from tests.samples import PERSONAL_FIELDS, machine_claims, valid_body
from tests.simulation.answers import Answers
from tests.simulation.oracle import Oracle, parsed
from tests.simulation.signals import Crash

_OPERATIONS: Final = ("create", "update", "erase")


@dataclass(slots=True)
class Intent:
    """One command with all of its tries.

    Attributes:
        operation: `create`, `update` or `erase`.
        customer_id: The customer's id; empty for a new one.
        body: The request body.
        key: The Idempotency-Key, or None.
        seen: The version in If-Match, or None.
        reuses: Whether the key belongs to another command.
        requests: The request ids of its tries.
        answered: The first final response.
    """

    operation: str
    customer_id: str
    body: dict[str, str] | None
    key: str | None = None
    seen: int | None = None
    reuses: bool = False
    requests: list[str] = field(default_factory=list)
    answered: tuple[int, str] | None = None

    @property
    def is_recognisable(self) -> bool:
        """Whether the API can tell a repeat of it from a new command."""
        return self.key is not None or self.seen is not None


class Around(Protocol):
    """What callers need from their world."""

    random: Random
    answers: Answers
    oracle: Oracle

    def request(self, operation: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a handler."""


class Callers:
    """All callers together.

    Attributes:
        sent: Requests sent.
        commands: Commands begun.
        favourites: Customers that callers change most at the moment.
        known: Customers that some caller knows, as last answered.
    """

    def __init__(self, world: Around) -> None:
        self.sent = 0
        self.commands = 0
        self.favourites: list[str] = []
        self.known: dict[str, dict[str, Any]] = {}
        self._world = world
        self._waiting: list[Intent] = []
        self._done: list[Intent] = []
        self._addresses: list[str] = []

    def step(self) -> None:
        """Send a new command, or repeat an old one."""
        random = self._world.random
        if self._waiting and random.random() < 0.4:
            self._send(self._waiting.pop(random.randrange(len(self._waiting))))
        elif self._done and random.random() < 0.08:
            self._send(random.choice(self._done[-20:]))
        else:
            self.commands += 1
            self._send(self._new())

    def finish(self) -> None:
        """Send everything that waits for another try."""
        while self._waiting:
            self._send(self._waiting.pop())

    def erase_soon(self, customer_id: str) -> None:
        """Let somebody erase a customer."""
        self._waiting.append(Intent("erase", customer_id, None))

    # Requests.

    def _new(self) -> Intent:
        random = self._world.random
        known = list(self.known)
        operation = random.choices(_OPERATIONS, (35, 55, 6))[0] if known else "create"
        key = f"key-{self.commands}" if random.random() < 0.6 else None
        if operation == "create":
            return self._perhaps_reused(Intent("create", "", self._body(), key))
        # A few customers get most of the changes, so that writers collide.
        favourites = [each for each in self.favourites if each in self.known]
        if favourites and random.random() < 0.5:
            known = favourites
        customer_id = random.choice(known[-6:] if random.random() < 0.7 else known)
        seen = self.known[customer_id]["version"] if random.random() < 0.3 else None
        body = self._change(customer_id) if operation == "update" else None
        return Intent(operation, customer_id, body, key, seen)

    def _perhaps_reused(self, intent: Intent) -> Intent:
        earlier = [each for each in self._done[-10:] if each.key and each.operation == intent.operation]
        if earlier and self._world.random.random() < 0.03:
            intent.key, intent.reuses = self._world.random.choice(earlier).key, True
        return intent

    def _change(self, customer_id: str) -> dict[str, str]:
        """New details. Most people keep their address, and some change nothing at all."""
        random = self._world.random
        body, chance = self._body(), random.random()
        current = {name: self.known[customer_id][name] for name in PERSONAL_FIELDS}
        if chance < 0.1:
            return current
        if random.random() < 0.5:
            body["country"] = current["country"]
        return body if chance < 0.35 else {**body, "email": current["email"]}

    def _body(self) -> dict[str, str]:
        random, number = self._world.random, self.commands
        if self._addresses and random.random() < 0.25:
            email = random.choice(self._addresses[-30:])
            email = email.swapcase() if random.random() < 0.3 else email
        else:
            email = f"zqx{number}@example.com"
            self._addresses.append(email)
        name = f"Zqx {number}" if random.random() < 0.9 else f"Zqx Ünal {number}"
        birth = f"19{random.randrange(30, 99)}-0{random.randrange(1, 10)}-1{random.randrange(10)}"
        city = f"Zqx-{random.randrange(3)}"
        # Some are alone in their country, and others write it in another way.
        country = random.choice(("Zqxland", "ZQXLAND", "Zqxovia", f"Zqx {number}"))
        return valid_body(full_name=name, email=email, birth=birth, city=city, country=country)

    # Sending.

    def _send(self, intent: Intent) -> None:
        self.sent += 1
        request_id = f"req-{self.sent}"
        if intent.requests and not intent.is_recognisable:
            intent = Intent(intent.operation, intent.customer_id, intent.body)
        intent.requests.append(request_id)
        repairs = self._world.oracle.repairs
        try:
            response = self._world.request(intent.operation, _event(intent, request_id))
        except Crash:
            self._again(intent)
            return
        status, body = response["statusCode"], response["body"]
        self._world.answers.check_write(intent, status, body, response["headers"], repairs=repairs)
        if status >= 500:
            self._again(intent)
        else:
            self._learn(intent, status, body)

    def _again(self, intent: Intent) -> None:
        if self._world.random.random() < 0.8:
            self._waiting.append(intent)

    def _learn(self, intent: Intent, status: int, body: str) -> None:
        if status in (200, 201):
            document = parsed(body)
            self.known[document["id"]] = document
        elif status == 204 and self._world.random.random() < 0.7:
            self.known.pop(intent.customer_id, None)
        if intent.answered is None:
            intent.answered = status, body
        if intent.is_recognisable and status < 300:
            self._done.append(intent)


def _event(intent: Intent, request_id: str) -> dict[str, Any]:
    headers = {}
    if intent.key is not None:
        headers["Idempotency-Key"] = intent.key
    if intent.seen is not None:
        headers["If-Match"] = f'"{intent.seen}"'
    return gateway_event(request_id, "customers/write", headers, intent.customer_id, intent.body)


def gateway_event(
    request_id: str, scope: str, headers: dict[str, str], customer_id: str, body: dict[str, str] | None
) -> dict[str, Any]:
    """A request as API Gateway passes it on."""
    return {
        "requestContext": {"requestId": request_id, "authorizer": {"claims": machine_claims(scope)}},
        "pathParameters": {"customer_id": customer_id} if customer_id else None,
        "headers": headers,
        "body": json.dumps(body) if body else None,
    }
