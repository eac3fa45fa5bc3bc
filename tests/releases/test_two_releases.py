"""The previous release and this one take turns on one set of tables, forwards and back.

`first` and `second` are the two releases, in both orders. Each step is done by the one that did not do the step before,
so that each meets what the other has written.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.environments import ROOT
from tests.releases import release
from tests.releases.deployment import Deployment, consume, project, rebuild, send
from tests.releases.release import NoSuchRelease, Release, ReleaseFailed, has_released, previous_release
from tests.samples import valid_body

pytestmark = pytest.mark.skipif(not has_released(), reason="no release yet: docs/how-to/release.md records the first")
# A difference that is gone fails the test, so that the list is never longer than it must be.
KNOWN_DIFFERENCES: Any = json.loads(release.RECORD.read_text())["known_differences"]
Start = Callable[[str], Release]


ORDERS = pytest.fixture(params=[("previous", "this"), ("this", "previous")], ids=["forwards", "back"])


@ORDERS
def pair(request: pytest.FixtureRequest, running: Start) -> tuple[Release, Release]:
    """The two releases on tables that the tests share."""
    first, second = request.param
    return running(first), running(second)


@ORDERS
def pair_alone(request: pytest.FixtureRequest, start: Start) -> tuple[Release, Release]:
    """The two releases on tables of the test's own."""
    first, second = request.param
    return start(first), start(second)


def body(city: str = "London", **changes: Any) -> dict[str, Any]:
    return valid_body(email=f"{uuid.uuid4()}@example.com", city=city, **changes)


def is_repeated(writer: Release, other: Release, answer: tuple[int, Any], status: int, version: int) -> bool:
    """Whether a release answers the repeat of a write of the other one as the other did, known differences apart."""
    if (writer.name, other.name) == ("this", "previous") and "hash" in KNOWN_DIFFERENCES:
        return answer[0] == 422 and answer[1]["type"] == "/docs/problems/key-reused"
    return (answer[0], answer[1]["version"]) == (status, version)


def test_commands(shared: Deployment, pair: tuple[Release, Release]) -> None:
    first, second = pair
    person, key = body(), str(uuid.uuid4())
    status, customer = send(first, "create_customer", body=person, Idempotency_Key=key)
    assert status == 201
    repeat = send(second, "create_customer", body=person, Idempotency_Key=key)
    assert is_repeated(first, second, repeat, 201, 1)
    assert send(second, "create_customer", body=person)[0] == 409

    customer_id = customer["id"]
    writers = {"Paris": second, "Rome": first, "Oslo": second, "Bern": first}
    for version, (city, writer) in enumerate(writers.items(), 2):
        changed = {**person, "city": city}
        status, answer = send(writer, "update_customer", customer_id, changed, If_Match=f'"{version - 1}"')
        assert (status, answer["version"], answer["city"]) == (200, version, city)
        other = first if writer is second else second
        repeat = send(other, "update_customer", customer_id, changed, If_Match=f'"{version - 1}"')
        assert is_repeated(writer, other, repeat, 200, version)

    assert send(first, "erase_customer", customer_id)[0] == 204
    assert send(second, "erase_customer", customer_id)[0] == 204
    assert send(second, "update_customer", customer_id, person)[0] == 404
    assert [int(item["version"]["N"]) for item in shared.events(customer_id)] == [1, 2, 3, 4, 5, 6]
    # The address is free again.
    assert send(second, "create_customer", body=person)[0] == 201


@pytest.mark.parametrize("versions", [1, 3])
def test_an_erasure_leaves_nothing(shared: Deployment, pair: tuple[Release, Release], versions: int) -> None:
    first, second = pair
    name = uuid.uuid4().hex
    person = body(full_name=f"Ada {name}")
    customer_id = send(first, "create_customer", body=person)[1]["id"]
    for version in range(2, versions + 1):
        changed = {**person, "city": f"City {version}"}
        send(second, "update_customer", customer_id, changed, Idempotency_Key=str(version))
    project(first, *shared.events(customer_id))

    assert send(second, "erase_customer", customer_id)[0] == 204
    project(first, *shared.events(customer_id))
    for each in (first, second):
        if each.name == "this":
            each.invoke("commands.handlers.finish_erasures", {"detail": {"subject": customer_id}})

    assert f"Ada {name}" not in json.dumps(shared.items())
    assert send(first, "get_customer", customer_id)[0] == 404


def test_the_projection(shared: Deployment, pair: tuple[Release, Release]) -> None:
    first, second = pair
    person = body()
    customer_id = send(first, "create_customer", body=person)[1]["id"]
    token = ""
    for version, writer in enumerate((second, first, second), 2):
        token = send(writer, "update_customer", customer_id, {**person, "city": f"City {version}"})[1]["headers"][
            "Consistency-Token"
        ]
    one, two, three, four = shared.events(customer_id)

    # In turns, out of order, and repeatedly.
    turns = ((first, [one]), (second, [three]), (first, [two, three]), (second, [four]), (first, [one]))
    for projector, items in turns:
        assert project(projector, *items) == []

    answers = [send(reader, "get_customer", customer_id, Consistency_Token=token) for reader in (first, second)]
    assert [(status, answer["version"], answer["city"]) for status, answer in answers] == [(200, 4, "City 4")] * 2
    for answer in answers:
        answer[1].pop("headers")
    assert answers[0] == answers[1]


def test_lists_and_their_cursors(shared: Deployment, pair: tuple[Release, Release]) -> None:
    first, second = pair
    ids = [send(writer, "create_customer", body=body())[1]["id"] for writer in (first, second, first, second)]
    for number, customer_id in enumerate(ids):
        project((first, second)[number % 2], *shared.events(customer_id))

    seen: list[str] = []
    cursor: dict[str, str] = {}
    for reader in (first, second, first, second):
        status, page = send(reader, "get_all_customers", limit="1", **cursor)
        assert status == 200, page
        seen += [customer["id"] for customer in page["customers"]]
        cursor = {"cursor": page["next_cursor"] or ""}
    assert seen == ids[::-1]


def searched(pair: tuple[Release, Release], email: str) -> list[str]:
    """The ids that this release finds by an address."""
    [this] = [each for each in pair if each.name == "this"]
    status, page = send(this, "search_customers", body={"email": email})
    assert status == 200, page
    return [customer["id"] for customer in page["customers"]]


def test_a_search_among_rows_of_both_releases(shared: Deployment, pair: tuple[Release, Release]) -> None:
    """The previous release may not know the index: then an address finds nobody, and never the wrong customer."""
    first, second = pair
    old, new = body(), body()
    customer_id = send(first, "create_customer", body=old)[1]["id"]
    project(first, *shared.events(customer_id))
    assert searched(pair, old["email"]) in ([customer_id], [] if first.name == "previous" else [customer_id])

    send(second, "update_customer", customer_id, new)
    project(second, *shared.events(customer_id))
    assert searched(pair, old["email"]) == []
    assert searched(pair, new["email"]) in ([customer_id], [] if second.name == "previous" else [customer_id])

    send(first, "update_customer", customer_id, {**new, "city": "Oslo"})
    project(first, *shared.events(customer_id))
    assert searched(pair, new["email"]) in ([customer_id], [] if first.name == "previous" else [customer_id])

    send(second, "erase_customer", customer_id)
    project(second, *shared.events(customer_id))
    assert searched(pair, new["email"]) == searched(pair, old["email"]) == []


def test_a_rebuild_that_the_releases_share(deployment: Deployment, pair_alone: tuple[Release, Release]) -> None:
    first, second = pair_alone
    person = body()
    customer_id = send(first, "create_customer", body=person)[1]["id"]
    send(second, "update_customer", customer_id, {**person, "city": "Paris"})
    project(first, *deployment.events(customer_id))

    steps = {"start": first, "fill": second, "verify": first, "confirm": second, "switch": first}
    if (first.name, second.name) == ("this", "previous") and "comparison" in KNOWN_DIFFERENCES:
        with pytest.raises(ReleaseFailed, match="TypeError"):
            rebuild(steps)
        steps["confirm"] = first
    generation = rebuild(steps)

    assert generation == 2
    for reader in (first, second):
        status, answer = send(reader, "get_customer", customer_id)
        assert (status, answer["version"], answer["city"]) == (200, 2, "Paris")


def test_the_bus_and_a_consumer(shared: Deployment, pair: tuple[Release, Release]) -> None:
    first, second = pair
    person = body()
    customer_id = send(first, "create_customer", body=person)[1]["id"]
    for writer in (second, first):
        send(writer, "update_customer", customer_id, {**person, "city": str(uuid.uuid4())})
    items = shared.events(customer_id)
    publishers = (second, first, second)
    sent = [each.publish([item])["sent"][0] for each, item in zip(publishers, items, strict=True)]

    # The third and the second are held by one release and handled by the other.
    for consumer, event in ((first, sent[2]), (second, sent[1]), (first, sent[0]), (second, sent[0])):
        assert consume(consumer, event) == []
    [inbox, item] = shared.consumed(customer_id)
    assert (inbox["version"], item["version"], item["changes"]) == ({"N": "3"},) * 3

    assert send(second, "erase_customer", customer_id)[0] == 204
    erasure = first.publish(shared.events(customer_id)[-1:])["sent"]
    assert consume(second, *erasure) == []
    [inbox] = shared.consumed(customer_id)
    assert inbox["erased"] == {"BOOL": True}


def test_both_releases_publish_the_same(shared: Deployment, pair: tuple[Release, Release]) -> None:
    first, second = pair
    customer_id = send(first, "create_customer", body=body())[1]["id"]
    send(second, "update_customer", customer_id, body(city="Paris"))
    items = shared.events(customer_id)

    assert first.publish(items) == second.publish(items)


def test_a_clone_without_the_release_gets_one_clear_sentence(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ROOT / ".local" / "no-release.json"
    record.write_text(json.dumps({"tag": "v0.0.0", "commit": "f" * 40}))
    monkeypatch.setattr(release, "RECORD", record)

    with pytest.raises(NoSuchRelease) as raised:
        previous_release(tmp_path)

    record.unlink()
    assert str(raised.value).startswith(f"The previous release, commit {'f' * 40} in .local/no-release.json, is not in")
    assert "\n" not in str(raised.value)
