"""What earlier releases stored is read and continued by this one."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from publisher.publish_failures import parse_publish_failure
from tests.releases.deployment import Deployment, consume, project, send
from tests.releases.golden import CONTROL, FOLDER
from tests.releases.release import Release, has_released

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not has_released(), reason="no release yet: docs/how-to/release.md records the first")
SAMPLES = sorted(FOLDER.glob("*.json"))


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest, deployment: Deployment) -> Any:
    """What a release stored, on tables of this one."""
    path: Path = request.param
    loaded = json.loads(path.read_text())
    deployment.fill(loaded["tables"])
    return loaded


@pytest.fixture
def this(start: Callable[[str], Release], sample: Any) -> Release:
    return start("this")


def test_there_is_a_sample() -> None:
    assert SAMPLES


def test_reads(this: Release, sample: Any) -> None:
    for customer_id, expected in sample["customers"].items():
        status, body = send(this, "get_customer", customer_id)
        body.pop("headers")
        assert (status, body if status == 200 else None) == (expected["status"], expected["body"])
    status, page = send(this, "get_all_customers", limit="1", cursor=sample["cursor"])
    assert (status, page["customers"]) == (200, sample["next_page"])
    # Waits for the write, which the sample's projection does not have.
    status, body = send(
        this, "get_customer", sample["changed"]["id"], Consistency_Token=sample["token"], Prefer="wait=0"
    )
    assert (status, body["type"]) == (503, "/docs/problems/not-yet-readable")


def test_writes(deployment: Deployment, this: Release, sample: Any) -> None:
    changed = sample["changed"]
    count = len(deployment.events(changed["id"]))
    status, answer = send(this, "update_customer", changed["id"], changed["body"], Idempotency_Key=changed["key"])
    assert (status, answer["version"], len(deployment.events(changed["id"]))) == (200, 3, count)
    assert send(this, "create_customer", body=changed["body"])[0] == 409
    status, answer = send(this, "update_customer", changed["id"], {**changed["body"], "city": "Bern"})
    assert (status, answer["version"]) == (200, count + 1)
    project(this, *deployment.events(changed["id"]))
    assert send(this, "get_customer", changed["id"])[1]["city"] == "Bern"


def test_searches(deployment: Deployment, this: Release, sample: Any) -> None:
    """The rows of releases without the index `address` are found after their next write."""
    changed = sample["changed"]
    has_keys = any("address" in item for item in sample["tables"]["ReadTable"])
    found = send(this, "search_customers", body={"email": changed["body"]["email"]})[1]["customers"]
    assert [customer["id"] for customer in found] == ([changed["id"]] if has_keys else [])

    send(this, "update_customer", changed["id"], {**changed["body"], "city": "Bern"})
    project(this, *deployment.events(changed["id"]))

    [customer] = send(this, "search_customers", body={"email": changed["body"]["email"].upper()})[1]["customers"]
    assert (customer["id"], customer["city"]) == (changed["id"], "Bern")


def test_erasures(deployment: Deployment, this: Release, sample: Any) -> None:
    for customer_id in sample["customers"]:
        assert send(this, "erase_customer", customer_id)[0] == 204
        this.invoke("commands.handlers.finish_erasures", {"detail": {"subject": customer_id}})
        project(this, *deployment.events(customer_id))
        consume(this, *this.publish(deployment.events(customer_id)[-1:])["sent"])
    assert "Žofie" not in str(deployment.items())


def test_the_rebuild_that_was_begun(this: Release, deployment: Deployment, sample: Any) -> None:
    rebuild = sample["rebuild"]
    begun = this.invoke(CONTROL, {"action": "start", "input": {"accept_parked": True}})
    assert [begun[name] for name in ("generation", "segments")] == [rebuild["generation"], rebuild["segments"]]
    for handler in ("rebuild_segment", "verify_segment"):
        for item in begun["items"]:
            assert this.invoke(f"projections.handlers.{handler}", item)["done"]
    for step in ("confirm", "switch"):
        this.invoke(CONTROL, {**begun, "action": step})
    assert send(this, "get_customer", sample["changed"]["id"])[1]["version"] == 4


def test_the_consumer_and_what_it_holds(this: Release, deployment: Deployment, sample: Any) -> None:
    assert consume(this, sample["changed"]["event_2"]) == []

    [inbox, welcome] = deployment.consumed(sample["changed"]["id"])
    assert (inbox["version"], welcome["changes"], "held" in inbox) == ({"N": "3"}, {"N": "3"}, False)


def test_publish_failures(sample: Any) -> None:
    [failure] = [parse_publish_failure(json.dumps(failure)) for failure in sample["publish_failures"]]

    assert failure
    assert (failure.customer_id, failure.version) == (sample["parked"], 4)
