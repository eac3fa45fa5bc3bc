"""What an append and a redaction write to DynamoDB, and what they make of a refusal."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

import events.dynamodb_store
from events.claims import ClaimChange, ClaimTaken
from events.codec import to_item
from events.dynamodb_store import DynamoDbEventStore
from events.store import StoreBusy, VersionConflict
from tests.samples import created, erased, updated

FIRST, SECOND, END = created("c-1"), updated("c-1", 2), erased("c-1", 3)
ID: Any = {"S": "c-1"}
CLAIMS = ClaimChange(take=("new",), release=("old", "older"))


class ConditionalCheckFailedException(ClientError):
    pass


class TransactionConflictException(ClientError):
    pass


class TransactionCanceledException(ClientError):
    pass


def cancelled(*codes: str, **first: Any) -> TransactionCanceledException:
    """A transaction that is cancelled for these reasons, one for each item."""
    reasons: list[Any] = [{"Code": code} for code in codes]
    reasons[0] |= first
    details: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return TransactionCanceledException(details, "TransactWriteItems")


def refused(**stored: Any) -> ConditionalCheckFailedException:
    details: Any = {"Error": {"Code": "ConditionalCheckFailedException"}, **stored}
    return ConditionalCheckFailedException(details, "PutItem")


CONFLICT = TransactionConflictException({"Error": {"Code": "TransactionConflictException"}}, "PutItem")


class ScriptedClient:
    """Raises some errors, one at each write, and then accepts every write.

    Attributes:
        writes: The parameters of every write, also of the refused ones.
    """

    exceptions = SimpleNamespace(
        ConditionalCheckFailedException=ConditionalCheckFailedException,
        TransactionConflictException=TransactionConflictException,
        TransactionCanceledException=TransactionCanceledException,
    )

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.writes: list[Any] = []

    def put_item(self, **write: Any) -> None:
        self.writes.append(write)
        if self.errors:
            raise self.errors.pop(0)

    update_item = transact_write_items = put_item


def store_on(client: ScriptedClient, pauses: list[Any] | None = None) -> DynamoDbEventStore:
    pause = (pauses if pauses is not None else []).append
    return DynamoDbEventStore(client, "events", "claims", "notes", pause)  # type: ignore[arg-type]


def put(event: Any) -> Any:
    return {
        "TableName": "events", "Item": to_item(event), "ConditionExpression": "attribute_not_exists(customer_id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }  # fmt: skip


def on_claims(**write: Any) -> Any:
    return {
        "TableName": "claims", "ConditionExpression": "attribute_not_exists(claim) OR customer_id = :customer",
        "ExpressionAttributeValues": {":customer": ID}, **write,
    }  # fmt: skip


def redaction(version: int, *, in_metadata: bool = False) -> Any:
    return {
        "TableName": "events",
        "Key": {"customer_id": ID, "version": {"N": str(version)}},
        "UpdateExpression": "SET #data = :redacted REMOVE request_hash"
        + (", #metadata.request_hash" if in_metadata else ""),
        "ConditionExpression": "attribute_exists(customer_id)",
        "ExpressionAttributeNames": {"#data": "data"} | ({"#metadata": "metadata"} if in_metadata else {}),
        "ExpressionAttributeValues": {":redacted": {"S": '{"redacted":true}'}},
    }


TAKE = {"Put": on_claims(Item={"claim": {"S": "new"}, "customer_id": ID})}
RELEASE_OLD, RELEASE_OLDER = ({"Delete": on_claims(Key={"claim": {"S": claim}})} for claim in ("old", "older"))
REDACT = [{"Update": redaction(1)}, {"Update": redaction(2)}]
NOTE = {"Put": {"TableName": "notes", "Item": {"customer_id": ID, "since": {"S": END.occurred_at}}}}


def test_an_event_without_claims_and_redactions_is_put_alone() -> None:
    client = ScriptedClient()
    store_on(client).append(SECOND)
    assert client.writes == [put(SECOND)]


@pytest.mark.parametrize(
    ("event", "claims", "redact", "others"),
    [
        (SECOND, CLAIMS, (), [TAKE, RELEASE_OLD, RELEASE_OLDER]),
        (SECOND, ClaimChange(), (1,), REDACT[:1]),
        (END, ClaimChange(), (), [NOTE]),
        (END, CLAIMS, (1, 2), [TAKE, RELEASE_OLD, RELEASE_OLDER, *REDACT, NOTE]),
    ],
    ids=["claims", "redactions", "an erasure", "all"],
)
def test_everything_else_is_written_with_the_event(event: Any, claims: ClaimChange, redact: Any, others: Any) -> None:
    client = ScriptedClient()
    store_on(client).append(event, claims, redact)
    assert client.writes == [{"TransactItems": [{"Put": put(event)}, *others]}]


def test_an_erasure_is_noted_again() -> None:
    client, pauses = ScriptedClient(CONFLICT), list[float]()
    store_on(client, pauses).note_erasure("c-1", "2026")
    assert client.writes == [{"TableName": "notes", "Item": {"customer_id": ID, "since": {"S": "2026"}}}] * 2
    assert len(pauses) == 1


def at(*places: int, code: str = "ConditionalCheckFailed") -> list[str]:
    return [code if place in places else "None" for place in range(7)]


@pytest.mark.parametrize(
    ("codes", "others"),
    [
        (at(2), [TAKE, RELEASE_OLDER, *REDACT, NOTE]),
        (at(3), [TAKE, RELEASE_OLD, *REDACT, NOTE]),
        (at(2, 3), [TAKE, *REDACT, NOTE]),
        (at(4), [TAKE, RELEASE_OLD, RELEASE_OLDER, REDACT[1], NOTE]),
        (at(5), [TAKE, RELEASE_OLD, RELEASE_OLDER, REDACT[0], NOTE]),
        (at(6, code="TransactionConflict"), [TAKE, RELEASE_OLD, RELEASE_OLDER, *REDACT, NOTE]),
    ],
)
def test_what_cannot_be_released_or_redacted_is_left_out(codes: list[str], others: list[Any]) -> None:
    client = ScriptedClient(cancelled(*codes))

    store_on(client).append(END, CLAIMS, (1, 2))

    assert [write["TransactItems"] for write in client.writes][1:] == [[{"Put": put(END)}, *others]]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (cancelled(*at(1)), ClaimTaken),
        (cancelled(*at(1, 2, 4)), ClaimTaken),
        (cancelled(*at(0, 1)), VersionConflict),
        (cancelled(*at(0), Item=to_item(FIRST)), VersionConflict),
        (cancelled(*at(2, code="ValidationError")), TransactionCanceledException),
    ],
)
def test_a_transaction_that_can_never_succeed_is_not_repeated(error: Exception, raised: type[Exception]) -> None:
    client = ScriptedClient(error)
    with pytest.raises(raised):
        store_on(client).append(END, CLAIMS, (1, 2))
    assert len(client.writes) == 1


def test_a_refusal_by_our_own_event_is_a_success() -> None:
    client = ScriptedClient(refused(Item=to_item(SECOND)), cancelled(*at(0), Item=to_item(END)))

    store_on(client).append(SECOND)
    store_on(client).append(END, CLAIMS, (1, 2))

    assert len(client.writes) == 2


@pytest.mark.parametrize(
    ("stored", "known"),
    [
        ({"Item": to_item(FIRST)}, FIRST),
        ({}, None),
        ({"Item": {"customer_id": ID, "version": {"N": "2"}, "data": {"S": "?"}}}, None),
    ],
)
def test_a_conflict_names_the_event_and_knows_the_stored_one(stored: Any, known: Any) -> None:
    with pytest.raises(VersionConflict) as raised:
        store_on(ScriptedClient(refused(**stored))).append(SECOND)

    assert str(raised.value) == "version 2 of customer c-1 already exists"
    assert (raised.value.customer_id, raised.value.version, raised.value.stored) == ("c-1", 2, known)


def test_a_contended_write_waits_longer_and_longer_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.dynamodb_store, "full_jitter", lambda attempt, first: (attempt, first))
    client, pauses = ScriptedClient(*[CONFLICT] * 99), list[Any]()

    with pytest.raises(StoreBusy, match=r"^8 attempts collided with other writers$"):
        store_on(client, pauses).append(SECOND)

    assert pauses == [(attempt, 0.02) for attempt in range(8)]
    assert client.writes == [put(SECOND)] * 8


@pytest.mark.parametrize("number", [0, 1, 2, 100, 101, 102, 201])
def test_events_are_redacted_a_hundred_at_once(number: int) -> None:
    client = ScriptedClient()

    store_on(client).redact("c-1", range(1, number + 1), in_metadata={2})

    each = [redaction(version, in_metadata=version == 2) for version in range(1, number + 1)]
    chunks = [each[start : start + 100] for start in range(0, number, 100)]
    assert client.writes == [
        chunk[0] if len(chunk) == 1 else {"TransactItems": [{"Update": one} for one in chunk]} for chunk in chunks
    ]


@pytest.mark.parametrize("code", ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_contended_redaction_is_repeated(code: str) -> None:
    client = ScriptedClient(cancelled("None", code))
    store_on(client).redact("c-1", [1, 2])
    assert client.writes == [{"TransactItems": REDACT}] * 2


@pytest.mark.parametrize(
    "error",
    [
        cancelled("None", "ConditionalCheckFailed"),
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems"),
    ],
)
def test_a_redaction_that_can_never_succeed_is_an_error(error: ClientError) -> None:
    client = ScriptedClient(error)
    with pytest.raises(ClientError) as raised:
        store_on(client).redact("c-1", [1, 2])
    assert raised.value is error
    assert len(client.writes) == 1


@pytest.mark.parametrize("code", ["ValidationException", "ItemCollectionSizeLimitExceededException"])
def test_a_redaction_that_is_too_large_is_done_one_by_one(code: str) -> None:
    client = ScriptedClient(ClientError({"Error": {"Code": code}}, "TransactWriteItems"), CONFLICT)
    store_on(client).redact("c-1", [1, 2])
    assert client.writes[1:] == [redaction(1), redaction(1), redaction(2)]
