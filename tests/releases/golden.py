"""Writes what a release stores, as the sample that every later release must read.

    python -m tests.releases.golden --name 0.3.0                     # this checkout's code
    python -m tests.releases.golden --name 0.2.0 --root ../0.2.0     # another checkout's

A sample is never edited and never written again: it is what that release wrote. docs/how-to/release.md says when.
"""

import argparse
import json
import uuid
from pathlib import Path
from typing import Any, Final

from local.environments import ROOT
from local.tools import dynamodb_local
from tests.releases.deployment import Deployment, consume, project, send
from tests.releases.release import Release
from tests.samples import valid_body

FOLDER: Final = ROOT / "tests" / "golden" / "releases"
CONTROL: Final = "projections.handlers.rebuild_control"


def sample_of(release: Release, deployment: Deployment) -> dict[str, Any]:
    """Let a release store something of each kind, and describe what it answers afterwards.

    Returns:
        `tables` has the items of each table, and the rest is what a later release must make of them.
    """
    changed, erased, parked = (_customer(release, deployment, name) for name in ("changed", "erased", "parked"))
    send(release, "erase_customer", erased)
    poison = {**deployment.events(parked)[-1], "version": {"N": "4"}, "type": {"S": "CustomerTeleported"}}
    deployment.fill({"EventTable": [{**poison, "event_id": {"S": str(uuid.uuid4())}}]})
    failures = release.publish(deployment.events(parked)[-1:])["failures"]
    for customer_id in (changed, erased, parked):
        project(release, *deployment.events(customer_id))
    events = release.publish(deployment.events(changed))["sent"]
    consume(release, events[0], events[2])
    consume(release, *release.publish(deployment.events(erased)[-1:])["sent"])
    begun = release.invoke(CONTROL, {"action": "start", "input": {}})
    release.invoke("projections.handlers.rebuild_segment", begun["items"][0])
    _, page = send(release, "get_all_customers", limit="1")
    _, next_page = send(release, "get_all_customers", limit="1", cursor=page["next_cursor"])
    return {
        "customers": {customer_id: _answer(release, customer_id) for customer_id in (changed, erased, parked)},
        "changed": {"id": changed, "key": "key-3", "body": _person("changed", 3), "event_2": events[1]},
        "parked": parked,
        "cursor": page["next_cursor"],
        "next_page": next_page["customers"],
        "token": send(release, "update_customer", changed, _person("changed", 4))[1]["headers"]["Consistency-Token"],
        "publish_failures": failures,
        "rebuild": begun,
        "tables": deployment.items(),
    }


def _customer(release: Release, deployment: Deployment, name: str) -> str:
    """Create a customer and change them twice."""
    customer_id = str(send(release, "create_customer", body=_person(name, 1), Idempotency_Key="key-1" + name)[1]["id"])
    for version in (2, 3):
        send(release, "update_customer", customer_id, _person(name, version), Idempotency_Key=f"key-{version}")
    assert len(deployment.events(customer_id)) == 3
    return customer_id


def _person(name: str, version: int) -> dict[str, Any]:
    return valid_body(email=f"{name}@example.com", full_name=f"Žofie {name}", city=f"City {version}")


def _answer(release: Release, customer_id: str) -> dict[str, Any]:
    status, body = send(release, "get_customer", customer_id)
    body.pop("headers")
    # The instance of a problem is another one each time.
    return {"status": status, "body": body if status == 200 else None}


def main() -> None:
    """Write a release's sample."""
    parser = argparse.ArgumentParser("python -m tests.releases.golden", description="Write what a release stores.")
    parser.add_argument("--name", required=True, help="the release, for example 0.3.0")
    parser.add_argument("--root", type=Path, default=ROOT, help="the release's checkout (default: this one)")
    options = parser.parse_args()
    path = FOLDER / f"{options.name}.json"
    if path.exists():
        parser.error(f"{path.relative_to(ROOT)} exists: a sample is never written again")
    with dynamodb_local.running() as endpoint:
        deployment = Deployment(dynamodb_local.client(endpoint))
        release = Release.start(options.name, options.root.resolve(), deployment.environment())
        sample = sample_of(release, deployment)
        release.stop()
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sample, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
