"""Measures how long the data of a customer with a long history outlives the DELETE, on a local stack of its own.

    python -m benchmarks.erasure_time --versions 15000

The versions after the second are copies, written straight to the event table: a PUT for each takes minutes. The stream
delivers them like any others, and the DELETE is sent once all of them are projected.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.history_length import copy_of
from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from events.envelope import Event
from events.history import is_left_over
from local import stack
from local.aws import http_client, session
from local.errors import StackError
from local.home import StackHome, free_port
from local.outputs import Outputs
from local.tokens import access_token

HOME: Final = Path(".local/benchmark")
_POLL_SECONDS: Final = 0.5
_TIMEOUT_SECONDS: Final = 900.0
_ITEMS_A_CALL: Final = 25
_PERSON: Final = {"full_name": "Ada", "email": "ada@example.com", "birth": "1990-05-17", "city": "1", "country": "GB"}


class Unfinished(Exception):
    """Something did not happen within the time limit."""


def measure(outputs: Outputs, versions: int) -> Mapping[str, float]:
    """Create a customer with a long history, change and erase them, and wait until nothing is left.

    Returns:
        Seconds of the PUT, of the DELETE, and from the DELETE's start until no event and no note was left.

    Raises:
        Unfinished: The history was not projected, or not redacted, within 15 minutes.
    """
    dynamodb = session().client("dynamodb", endpoint_url=outputs["EndpointUrl"])
    store = DynamoDbEventStore(dynamodb, outputs["EventTable"])
    with http_client() as http:
        http.headers["Authorization"] = f"Bearer {access_token(outputs)}"
        address = f"{outputs['ApiEndpoint']}/customers"
        customer_id = http.post(address, json=_PERSON).raise_for_status().json()["id"]
        place = f"{address}/{customer_id}"
        http.put(place, json={**_PERSON, "city": "2"}).raise_for_status()
        first, second = (event for event in store.read(customer_id) if isinstance(event, Event))
        _prolong(dynamodb, outputs["EventTable"], first, second, versions)
        _wait(lambda: http.get(place).headers["ETag"] == f'"{versions}"', "the history is not projected")
        put = _seconds(lambda: http.put(place, json={**_PERSON, "city": "3"}).raise_for_status())
        begun = time.monotonic()
        delete = _seconds(lambda: http.delete(place).raise_for_status())

    def is_finished() -> bool:
        return not dynamodb.scan(TableName=outputs["ErasuresTable"], Limit=1)["Items"]

    _wait(is_finished, "the erasure is not finished")
    gone = time.monotonic() - begun
    if any(map(is_left_over, store.newest_first(customer_id))):
        raise Unfinished("the note is removed, but events still have data")
    return {"put": put, "delete": delete, "nothing_left": gone}


def _prolong(dynamodb: Any, table: str, first: Event, second: Event, versions: int) -> None:
    copies = [copy_of(second, version, first) for version in range(3, versions + 1)]
    for start in range(0, len(copies), _ITEMS_A_CALL):
        requests = [{"PutRequest": {"Item": to_item(event)}} for event in copies[start : start + _ITEMS_A_CALL]]
        dynamodb.batch_write_item(RequestItems={table: requests})


def _seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _wait(is_done: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise Unfinished(otherwise)
        time.sleep(_POLL_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on a separate stack and print the figures as JSON."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.erasure_time", description="Measure how long a customer's data outlives the DELETE."
    )
    parser.add_argument("--versions", type=int, default=15_000, help="length of the history (default: 15000)")
    options = parser.parse_args(arguments)
    home = StackHome.at(HOME, free_port())
    try:
        figures = measure(stack.ensure_up(home), options.versions)
    except (StackError, Unfinished) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stack.down(home)
    print(json.dumps({"versions": options.versions, **{name: round(each, 2) for name, each in figures.items()}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
