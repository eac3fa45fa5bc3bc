"""Measures the lag of the consumers: creates customers over HTTP and waits until each has reached every consumer.

    python -m benchmarks.downstream --customers 2000 --writers 8

The benchmark starts its own local stack and stops it at the end. The lag of an event is the time from its occurrence
until a consumer has it: for the projection, when its row is logged; for the welcome list, when its inbox is written.
Everything shares one machine and one clock, so compare runs with each other, not with AWS.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from local import functions, stack
from local.aws import LocalAws, http_client, session
from local.errors import StackError
from local.home import StackHome, free_port
from local.tokens import access_token

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from local.outputs import Outputs

HOME: Final = Path(".local/benchmark")
_POLL_INTERVAL: Final = 2.0  # seconds; the local AWS returns at most 10,000 log lines at a time
_REQUEST_TIMEOUT: Final = 120.0  # seconds; the local AWS starts a process for each concurrent request

Times = dict[str, datetime]
"""Customer id -> when their event was seen."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of a run.

    Attributes:
        customers: Number of customers that were created.
        writing: Seconds that it took to create them.
        lags: Consumer -> lag of each event in seconds, in ascending order.
    """

    customers: int
    writing: float
    lags: Mapping[str, Sequence[float]]

    def summary(self) -> dict[str, Any]:
        """Return the figures to print."""
        return {
            "customers": self.customers,
            "writes_per_second": round(self.customers / self.writing, 1),
            "lag_seconds": {
                consumer: {name: round(percentile(lags, percent), 2) for name, percent in (("p50", 50), ("p99", 99))}
                | {"max": round(lags[-1], 2), "events": len(lags)}
                for consumer, lags in self.lags.items()
            },
        }


class Incomplete(Exception):
    """Some customers have not reached a consumer in time."""


def measure(outputs: "Outputs", customers: int, writers: int, timeout: float = 300.0) -> Figures:
    """Create customers and wait until all consumers have them.

    Args:
        outputs: Outputs of a running local stack.
        customers: Number of customers to create.
        writers: Number of concurrent requests.
        timeout: Seconds to wait after the last customer was created.

    Raises:
        Incomplete: A consumer lacks some customers; the message names the consumer and their number.
    """
    projected = _Projected(outputs)
    token = access_token(outputs)
    began = time.monotonic()
    with ThreadPoolExecutor(writers) as threads:
        shares = [len(range(writer, customers, writers)) for writer in range(writers)]
        created = {
            name: at for share in threads.map(lambda share: _write(outputs, token, share), shares) for name, at in share
        }
    writing = time.monotonic() - began
    seen = {"projection": projected.wait(created.keys(), timeout), "welcome": _welcomed(outputs, created, timeout)}
    return Figures(customers, writing, {name: _lags(created, times) for name, times in seen.items()})


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that at least the given percentage of values do not exceed.

    Args:
        ordered: At least one value, in ascending order.
        percent: From 1 to 100.
    """
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _lags(created: Times, seen: Times) -> list[float]:
    return sorted((seen[customer] - at).total_seconds() for customer, at in created.items())


def _write(outputs: "Outputs", token: str, number: int) -> list[tuple[str, datetime]]:
    headers = {"Authorization": f"Bearer {token}"}
    with http_client(timeout=_REQUEST_TIMEOUT) as http:
        return [_create(http.post, outputs["ApiEndpoint"], headers) for _ in range(number)]


def _create(post: Any, api: str, headers: Mapping[str, str]) -> tuple[str, datetime]:
    person = {"full_name": "Ada Lovelace", "email": f"{uuid4().hex}@example.com", "birth": "1990-05-17",
              "city": "London", "country": "United Kingdom"}  # fmt: skip
    customer = post(f"{api}/customers", json=person, headers=headers).raise_for_status().json()
    return customer["id"], datetime.fromisoformat(customer["created_at"])


class _Projected:
    """Follows the projector's log."""

    def __init__(self, outputs: "Outputs") -> None:
        self._aws = LocalAws(outputs["EndpointUrl"])
        self._function = {"ProjectCustomers": functions.names(outputs)["ProjectCustomers"]}
        self._since = int(time.time() * 1000)

    def wait(self, customers: AbstractSet[str], timeout: float) -> Times:
        times: Times = {}
        deadline = time.monotonic() + timeout
        while missing := customers - times.keys():
            if time.monotonic() > deadline:
                raise Incomplete(f"{len(missing)} of {len(customers)} customers are not projected")
            times |= dict(self._poll())
            time.sleep(_POLL_INTERVAL)
        return times

    def _poll(self) -> Iterator[tuple[str, datetime]]:
        for line in functions.log_lines(self._aws, self._function, self._since):
            self._since = max(self._since, line.at)
            if '"projected"' in line.text:
                logged = json.loads(line.text)
                yield logged["customer_id"], datetime.fromisoformat(logged["timestamp"].replace(",", "."))


def _welcomed(outputs: "Outputs", customers: Times, timeout: float) -> Times:
    client: DynamoDBClient = session().client("dynamodb", endpoint_url=outputs["EndpointUrl"])
    deadline = time.monotonic() + timeout
    while True:
        pages = client.get_paginator("scan").paginate(TableName=outputs["WelcomeTable"], ConsistentRead=True)
        items = [item for page in pages for item in page["Items"] if "handled_at" in item]
        times = {item["customer_id"]["S"]: datetime.fromisoformat(item["handled_at"]["S"]) for item in items}
        missing = customers.keys() - times.keys()
        if not missing:
            return times
        if time.monotonic() > deadline:
            raise Incomplete(f"{len(missing)} of {len(customers)} customers are not welcomed")
        time.sleep(_POLL_INTERVAL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on a separate stack and print the figures as JSON."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.downstream", description="Measure how far the consumers are behind the writers."
    )
    parser.add_argument("--customers", type=int, default=2000, help="customers to create (default: 2000)")
    parser.add_argument("--writers", type=int, default=8, help="concurrent requests (default: 8)")
    options = parser.parse_args(arguments)
    home = StackHome.at(HOME, free_port())
    try:
        outputs = stack.ensure_up(home)
        measure(outputs, options.writers * 2, options.writers)  # warm-up, so that no function starts cold
        print(json.dumps(measure(outputs, options.customers, options.writers).summary(), indent=2))
    except (StackError, Incomplete) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stack.down(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
