"""I8: personal data is only in the tables. No log line, checkpoint or infrastructure response has it."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from events.codec import to_item
from local.home import StackHome
from tests.e2e.customers import Customer, a_person, create, erase, eventually, new_email, page, shown, update
from tests.integration.aws import Aws
from tests.integration.records import batch_of, record, some_events
from tests.samples import machine_claims, valid_body

MARK: Final = f"Zebra{uuid4().hex[:12]}"
PERSON: Final = valid_body(
    full_name=f"{MARK} name",
    email=f"{MARK}@example.com",
    birth="1907-03-19",
    city=f"{MARK} city",
    country=f"{MARK} country",
)
# A date of birth is personal too, and no other customer here has this one.
MARKS: Final = (MARK.lower(), PERSON["birth"])


def _accepted(api: httpx.Client) -> None:
    customer = create(api, **PERSON)
    shown(api, customer["id"])
    page(api, limit=100)
    assert api.post("/customers/search", json={"email": PERSON["email"]}).json()["customers"] == [customer]
    assert api.post("/customers/search", json={"email": f"Nobody.{PERSON['email']}"}).json()["customers"] == []
    update(api, customer, city=f"{MARK} town")
    erase(api, update(api, create(api), full_name=PERSON["full_name"], birth=PERSON["birth"]))


def _refused(api: httpx.Client) -> None:
    for change in ({"email": MARK}, {"full_name": MARK * 99}, {"birth": MARK}, {"city": [MARK]}, {MARK: MARK}):
        assert api.post("/customers", json=PERSON | change).status_code == 422
    assert api.post("/customers", content=MARK).status_code == 400
    assert api.post("/customers", content=json.dumps(PERSON)[:-1]).status_code == 400
    assert api.post("/customers", json=PERSON | {"city": MARK * 4000}).status_code == 413
    _refused_search(api)
    assert api.get(f"/customers/{MARK}").status_code == 404
    assert api.post("/customers", json=PERSON).status_code == 409
    _refused_change(api, create(api))
    assert api.get("/customers", params={"limit": MARK, "cursor": MARK, "name": MARK}).status_code == 422
    odd = {"X-Correlation-Id": f"{MARK} <{MARK}@example.com>", "Idempotency-Key": MARK, "If-Match": MARK}
    # Names that callers make up are as personal as values.
    assert api.get("/customers", params={f"{MARK}@example.com": "1"}).status_code == 422
    assert api.post("/customers", json=a_person(birth=MARK, email=new_email()), headers=odd).status_code == 422


def _refused_search(api: httpx.Client) -> None:
    place, known = "/customers/search", {"email": PERSON["email"]}
    for body in ({"email": MARK * 99}, {"email": [MARK]}, known | {MARK: MARK}, known | {"city": MARK}, {}):
        assert api.post(place, json=body).status_code == 422
    assert api.post(place, content=MARK).status_code == 400
    assert api.post(place, json={"email": MARK * 4000}).status_code == 413
    assert api.post(place, json=known, params={"email": PERSON["email"]}).status_code == 422
    assert api.post(place, json=known, headers={"Consistency-Token": PERSON["email"]}).status_code == 422
    assert api.post(place, json=known, headers={"If-Match": MARK}).status_code == 422
    assert api.post(place, json=known, headers={"If-Match": f'"{MARK}"'}).status_code == 412


def _refused_change(api: httpx.Client, customer: Customer) -> None:
    place, stale = f"/customers/{customer['id']}", {"If-Match": '"7"'}
    assert api.put(place, json=PERSON).status_code == 409
    assert api.put(place, json=PERSON, headers=stale).status_code == 412
    assert api.put(place, json=PERSON | {"birth": MARK}).status_code == 422
    assert api.put(place, json=PERSON | {f"{MARK}@example.com": MARK}).status_code == 422
    assert api.put(place, content=json.dumps(PERSON)[:-1]).status_code == 400
    assert api.put(f"/customers/{MARK}", json=PERSON).status_code == 404
    assert api.delete(f"/customers/{MARK}").status_code == 404
    for name in ("If-Match", "Idempotency-Key"):
        bad = {name: f"{MARK} {MARK}@example.com"}
        assert api.put(place, json=PERSON, headers=bad).status_code == 422
        assert api.delete(place, headers=bad).status_code == 422
    assert api.get(place, headers={"Consistency-Token": f"{MARK}@example.com", "Prefer": MARK}).status_code == 422
    key = {"Idempotency-Key": MARK}
    assert api.post("/customers", json=a_person(), headers=key).status_code == 201
    assert api.post("/customers", json=PERSON, headers=key).status_code == 422


OF_THE_API = (
    "CreateCustomer",
    "UpdateCustomer",
    "EraseCustomer",
    "GetCustomer",
    "GetAllCustomers",
    "SearchCustomers",
    "GetStatistics",
)


def _unreadable_batches() -> Iterator[dict[str, Any]]:
    image = to_item(some_events(1)[0])
    for spoilt in (
        {"data": {"S": json.dumps(PERSON)}, "type": {"S": "CustomerVanished"}},
        {"data": {"S": json.dumps(PERSON)[:-1]}},
        {"data": {"S": json.dumps(PERSON | {"birth": MARK, "email": None})}},
        {"data": {"M": {"full_name": {"S": MARK}}}},
        {"data": {"S": json.dumps(PERSON)}, "metadata": {"S": MARK}},
    ):
        yield dict(batch_of(record({**image, **spoilt})))


def _failing_events() -> Iterator[dict[str, Any]]:
    """Events that API Gateway never sends, so that the functions reach their last line of defence."""
    context = {
        "requestId": "test",
        "authorizer": {"claims": machine_claims("customers/write", "customers/read")},
    }
    for spoilt in (
        {"body": PERSON},
        {"headers": [MARK], "body": MARK},
        {"pathParameters": {"customer_id": PERSON}},
        {"queryStringParameters": {"cursor": [MARK]}},
    ):
        yield {"requestContext": context, **spoilt}


@pytest.fixture(scope="module")
def tried(api: httpx.Client, aws: Aws, function_names: Mapping[str, str]) -> float:
    """Does everything that could make the infrastructure log. Returns the time at which it began."""
    began = time.time()
    _accepted(api)
    _refused(api)
    for batch in _unreadable_batches():
        assert aws.invoke(function_names["ProjectCustomers"], batch) == {"batchItemFailures": []}
    answers = [aws.invoke(function_names[name], event) for name in OF_THE_API for event in _failing_events()]
    refusals = [answer for answer in answers if answer["statusCode"] >= 400]
    assert 500 in {answer["statusCode"] for answer in refusals}
    assert not _found_in(json.dumps(refusals))
    return began


def _found_in(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text.lower()]


def test_no_log_group_has_personal_data(tried: float, aws: Aws, function_names: Mapping[str, str]) -> None:
    groups = {f"/aws/lambda/{function_names[name]}" for name in (*OF_THE_API, "ProjectCustomers")}

    def everything_is_logged() -> dict[str, list[str]]:
        logged = {group: aws.log_messages(group, tried) for group in aws.log_groups()}
        assert groups <= set(logged)
        text = "\n".join(line for lines in logged.values() for line in lines)
        assert all(f'"message":"{words}"' in text for words in ("answered", "refused", "failed", "parked"))
        return logged

    for group, lines in eventually(everything_is_logged).items():
        assert not [line for line in lines if _found_in(line)], group


@pytest.mark.usefixtures("tried")
def test_the_mapping_service_writes_no_personal_data(home: StackHome) -> None:
    files = [home.log("mapping"), *(path for path in home.mappings.rglob("*") if path.is_file())]
    assert len(files) > 1
    for file in files:
        assert not _found_in(_text_of(file)), file.name


@pytest.mark.usefixtures("tried")
def test_the_tables_do_have_personal_data(aws: Aws, outputs: Mapping[str, str]) -> None:
    """Without this, the marks above would prove nothing."""
    for table in (outputs["EventTable"], outputs["ReadTable"]):
        rows = [
            item for found in aws.dynamodb.get_paginator("scan").paginate(TableName=table) for item in found["Items"]
        ]
        assert set(_found_in(str(rows))) == set(MARKS)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except FileNotFoundError:  # a checkpoint is replaced by its successor
        return ""
