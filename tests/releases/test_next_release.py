"""This release beside a next one that makes every kind of change that the guides allow, on the same tables."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.releases.deployment import Deployment, consume, project, rebuild, send
from tests.releases.release import Release
from tests.samples import valid_body

PHONE = "+44 20 7946 0000"


@pytest.fixture
def this(running: Callable[[str], Release]) -> Release:
    return running("this")


@pytest.fixture
def later(running: Callable[[str], Release]) -> Release:
    return running("next")


def body(city: str = "London", **changes: Any) -> dict[str, Any]:
    return valid_body(email=f"{uuid.uuid4()}@example.com", city=city, **changes)


def test_a_creation_is_repeated_in_both_directions(this: Release, later: Release) -> None:
    for first, second in ((this, later), (later, this)):
        person, key = body(), str(uuid.uuid4())
        status, customer = send(first, "create_customer", body=person, Idempotency_Key=key)
        assert status == 201
        status, again = send(second, "create_customer", body=person, Idempotency_Key=key)
        assert (status, again.get("id")) == (201, customer["id"])


def test_a_change_is_repeated_by_the_next_release(this: Release, later: Release) -> None:
    person = body()
    customer_id = send(this, "create_customer", body=person)[1]["id"]
    for release in (this, later):
        changed = {**person, "city": "Paris"}
        status, answer = send(release, "update_customer", customer_id, changed, Idempotency_Key="key-1")
        assert (status, answer.get("version")) == (200, 2)


def test_this_release_refuses_to_change_what_it_cannot_read(shared: Deployment, this: Release, later: Release) -> None:
    person = body()
    customer_id = send(this, "create_customer", body=person)[1]["id"]
    changed = {**person, "phone": PHONE}
    assert send(later, "update_customer", customer_id, changed, Idempotency_Key="key-1")[0] == 200

    for headers in ({}, {"Idempotency_Key": "key-2"}, {"If_Match": '"2"'}):
        status, problem = send(this, "update_customer", customer_id, person, **headers)
        assert (status, problem["type"]) == (503, "/docs/problems/newer-release")
    status, answer = send(later, "update_customer", customer_id, changed, Idempotency_Key="key-1")
    assert (status, answer["version"], answer["phone"]) == (200, 2, PHONE)
    # The repeat of what the next release did, too.
    assert send(later, "update_customer", customer_id, person, Idempotency_Key="key-3")[0] == 200
    assert send(this, "update_customer", customer_id, person, Idempotency_Key="key-3")[0] == 503

    assert send(this, "erase_customer", customer_id)[0] == 204
    this.invoke("commands.handlers.finish_erasures", {"detail": {"subject": customer_id}})
    assert PHONE not in str(shared.events(customer_id))
    assert send(later, "update_customer", customer_id, person)[0] == 404


def test_an_optional_field_reaches_the_readers(shared: Deployment, this: Release, later: Release) -> None:
    customer_id = send(later, "create_customer", body=body(phone=PHONE))[1]["id"]
    project(this, *shared.events(customer_id))

    for reader in (this, later):
        status, answer = send(reader, "get_customer", customer_id)
        assert (status, answer["phone"]) == (200, PHONE)
    [event] = this.publish(shared.events(customer_id))["sent"]
    assert (event["dataschema"], event["data"]["phone"]) == ("urn:customers-api:schema:CustomerCreated:1", PHONE)


def test_an_event_that_this_release_cannot_read_stops_nobody(shared: Deployment, this: Release, later: Release) -> None:
    person = body()
    changed = send(this, "create_customer", body=person)[1]["id"]
    send(later, "update_customer", changed, {**person, "city": "Paris"})
    neighbour = send(later, "create_customer", body=body())[1]["id"]

    assert project(this, *shared.events(changed), *shared.events(neighbour)) == []

    assert [send(this, "get_customer", each)[1]["version"] for each in (changed, neighbour)] == [1, 1]
    report = this.publish(shared.events(changed))
    assert [event["sequence"] for event in report["sent"]] == ["0000000001"]
    assert [failure["unpublished"]["version"] for failure in report["failures"]] == [2]
    # The next release needs no repair: it reads the events from the table.
    assert len(later.publish(shared.events(changed))["sent"]) == 2


def test_a_rebuild_that_the_releases_share(deployment: Deployment, start: Callable[[str], Release]) -> None:
    this, later = start("this"), start("next")
    customer_id = send(later, "create_customer", body=body(phone=PHONE))[1]["id"]
    project(this, *deployment.events(customer_id))

    rebuild({"start": later, "fill": this, "verify": later, "confirm": this, "switch": this})

    assert [send(reader, "get_customer", customer_id)[0] for reader in (this, later)] == [200, 200]
    records = [item["record"]["S"] for item in deployment.items()["ReadTable"] if "record" in item]
    assert [json.loads(record)["later_shards"] for record in records] == [16]


def test_a_consumer_takes_a_new_stored_shape(shared: Deployment, this: Release, later: Release) -> None:
    person = body()
    customer_id = send(later, "create_customer", body=person)[1]["id"]
    for city in ("Paris", "Rome"):
        send(later, "update_customer", customer_id, {**person, "city": city, "phone": PHONE})
    one, two, three = later.publish(shared.events(customer_id))["sent"]

    for consumer, event in ((later, three), (this, two), (this, one)):
        assert consume(consumer, event) == []

    [inbox, item] = shared.consumed(customer_id)
    assert (inbox["version"], item["changes"]) == ({"N": "3"}, {"N": "3"})
