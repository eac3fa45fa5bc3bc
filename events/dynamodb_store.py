"""The event store on DynamoDB: one row for each event, written once, and only if its version is free.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from events.claims import NO_CLAIMS, ClaimChange, ClaimTaken
from events.codec import REDACTED, recorded, to_item
from events.dynamodb_erasures import note
from events.dynamodb_keys import read_all_keys
from events.envelope import Event, Recorded
from events.history import is_erasure, sealed
from events.store import EventKey, EventPage, Position, StoreBusy, VersionConflict, limit_to_transaction
from shared.runtime.backoff import full_jitter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

_IF_FREE: Final = "attribute_not_exists(customer_id)"
_IF_FREE_OR_OURS: Final = "attribute_not_exists(claim) OR customer_id = :customer"
_TRIES: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.02
_REFUSED: Final = "ConditionalCheckFailed"
# API reference, "TransactWriteItems": the cancellation reasons that are temporary.
_CONTENTION: Final = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
# API reference, "TransactWriteItems": the most items, and the errors of a transaction that is too large as a whole.
_ITEMS_AT_ONCE: Final = 100
_TOO_LARGE: Final = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})


class DynamoDbEventStore:
    """Keeps events in a table with the key (`customer_id`, `version`), and claims in a table with the key `claim`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        claims_table: str = "",
        erasures_table: str = "",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Create a store.

        Args:
            table: The event table's name.
            claims_table: The claims table's name. Only appending needs it.
            erasures_table: The name of the table of unfinished erasures. Only erasing needs it.
            pause: Waits between attempts of a contended write; takes seconds.
        """
        self._client = client
        self._table = table
        self._claims_table = claims_table
        self._erasures_table = erasures_table
        self._pause = pause

    def append(self, event: Event, claims: ClaimChange = NO_CLAIMS, redact: Sequence[int] = ()) -> None:
        """See `EventStore.append`."""
        if claims == NO_CLAIMS and not redact and not is_erasure(event):
            self._until_uncontended(partial(self._append_alone, event))
        else:
            self._append_with(event, *limit_to_transaction(claims, redact))

    def redact(self, customer_id: str, versions: Sequence[int], in_metadata: Collection[int] = ()) -> None:
        """See `EventStore.redact`."""
        redactions = [self._redaction(customer_id, version, in_metadata=version in in_metadata) for version in versions]
        for start in range(0, len(redactions), _ITEMS_AT_ONCE):
            self._redact_together(redactions[start : start + _ITEMS_AT_ONCE])

    def note_erasure(self, customer_id: str, since: str) -> None:
        """See `EventStore.note_erasure`."""
        self._until_uncontended(partial(self._put_note, note(customer_id, since)))

    def latest(self, customer_id: str) -> Recorded | None:
        """See `EventStore.latest`."""
        return self._one("customer_id = :id", {":id": {"S": customer_id}})

    def get(self, customer_id: str, version: int) -> Recorded | None:
        """See `EventStore.get`."""
        values: Any = {":id": {"S": customer_id}, ":version": {"N": str(version)}}
        return self._one("customer_id = :id AND version = :version", values)

    def _one(self, condition: str, values: Any) -> Recorded | None:
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )
        return recorded(answer["Items"][0]) if answer["Items"] else None

    def newest_first(self, customer_id: str) -> Iterator[Recorded]:
        """See `EventStore.newest_first`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :id",
            ExpressionAttributeValues={":id": {"S": customer_id}},
            ConsistentRead=True,
            ScanIndexForward=False,
        )
        return (recorded(item) for page in pages for item in page["Items"])

    def read(self, customer_id: str, after_version: int = 0) -> list[Recorded]:
        """See `EventStore.read`."""
        return sealed(recorded(item) for item in self._items(customer_id, after_version))

    def _items(self, customer_id: str, after_version: int) -> Iterator[Any]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="customer_id = :id AND version > :after",
            ExpressionAttributeValues={":id": {"S": customer_id}, ":after": {"N": str(after_version)}},
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])

    def existing(self, keys: Collection[EventKey]) -> set[EventKey]:
        """See `EventStore.existing`."""
        wanted = [_key(*key) for key in dict.fromkeys(keys)]
        found = read_all_keys(self._client, self._table, wanted, self._pause, only="customer_id, version")
        return {(item["customer_id"]["S"], int(item["version"]["N"])) for item in found}

    def read_page(
        self, segment: int = 0, total_segments: int = 1, start: Position | None = None, limit: int = 500
    ) -> EventPage:
        """See `EventStore.read_page`."""
        where: Any = {"ExclusiveStartKey": _from_position(start)} if start else {}
        answer = self._client.scan(
            TableName=self._table,
            Segment=segment,
            TotalSegments=total_segments,
            ConsistentRead=True,
            Limit=limit,
            **where,
        )
        last: Any = answer.get("LastEvaluatedKey")
        cut = last["customer_id"]["S"] if last else ""
        runs = groupby(map(recorded, answer["Items"]), lambda record: record.customer_id)
        records = [record for customer_id, run in runs for record in self._sealed(run, is_cut=customer_id == cut)]
        return EventPage(records, _to_position(last) if last else None)

    def _sealed(self, run: Iterable[Recorded], *, is_cut: bool) -> list[Recorded]:
        """Seal a customer's records on a page. If the page ends within their history, its end is looked up."""
        records = list(run)
        if is_cut and not any(map(is_erasure, records)):
            newest = self.latest(records[0].customer_id)
            return sealed(records, erased=newest is not None and is_erasure(newest))
        return sealed(records)

    def _append_with(self, event: Event, claims: ClaimChange, redact: Sequence[int]) -> None:
        while True:
            items = [{"Put": self._put(event)}, *self._other_items(event, claims, redact)]
            try:
                return self._until_uncontended(partial(self._transact, items, event, claims, redact))
            except _ClaimsOfOthers as refused:
                # A claim to release may belong to another customer: after a restore of one table alone, or because it
                # is unknown which address of an unreadable history is current. Those claims must stay.
                ours = tuple(claim for claim in claims.release if claim not in refused.claims)
                claims = ClaimChange(claims.take, ours)
            except _NothingToRedact as refused:
                # A history with a gap. A redaction must not create the row that is missing.
                redact = [version for version in redact if version not in refused.versions]

    def _until_uncontended(self, write: Callable[[], bool]) -> None:
        """Repeat a write until no transaction on the same rows blocks it."""
        for attempt in range(_TRIES):
            if write():
                return
            self._pause(full_jitter(attempt, _FIRST_PAUSE_SECONDS))
        raise StoreBusy(f"{_TRIES} attempts collided with other writers")

    def _append_alone(self, event: Event) -> bool:
        try:
            self._client.put_item(**self._put(event))
        except self._client.exceptions.ConditionalCheckFailedException as refused:
            _require_ours(refused.response.get("Item"), event)
        except self._client.exceptions.TransactionConflictException:
            return False
        return True

    def _put_note(self, item: Any) -> bool:
        try:
            self._client.put_item(TableName=self._erasures_table, Item=item)
        except self._client.exceptions.TransactionConflictException:
            return False
        return True

    def _transact(self, items: list[Any], event: Event, claims: ClaimChange, redact: Sequence[int]) -> bool:
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as refused:
            return _is_ours(refused, event, claims, redact)
        return True

    def _redact_together(self, redactions: list[Any]) -> None:
        if len(redactions) == 1:
            return self._until_uncontended(partial(self._redact_one, redactions[0]))
        try:
            self._until_uncontended(partial(self._redact_in_transaction, [{"Update": each} for each in redactions]))
        except ClientError as refused:
            if refused.response["Error"]["Code"] not in _TOO_LARGE:
                raise
            for redaction in redactions:
                self._until_uncontended(partial(self._redact_one, redaction))
        return None

    def _redact_in_transaction(self, items: list[Any]) -> bool:
        try:
            self._client.transact_write_items(TransactItems=items)
        except self._client.exceptions.TransactionCanceledException as refused:
            reasons: Sequence[Any] = refused.response.get("CancellationReasons", [])
            if {reason["Code"] for reason in reasons} - _CONTENTION:
                raise
            return False
        return True

    def _redact_one(self, redaction: Any) -> bool:
        try:
            self._client.update_item(**redaction)
        except self._client.exceptions.TransactionConflictException:
            return False
        return True

    def _put(self, event: Event) -> "PutTypeDef":
        return {
            "TableName": self._table,
            "Item": to_item(event),
            "ConditionExpression": _IF_FREE,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _other_items(self, event: Event, claims: ClaimChange, redact: Sequence[int]) -> list[Any]:
        customer_id = event.customer_id
        ours: Any = {
            "TableName": self._claims_table,
            "ConditionExpression": _IF_FREE_OR_OURS,
            "ExpressionAttributeValues": {":customer": {"S": customer_id}},
        }
        taken = [{"Put": {**ours, "Item": _claim(claim, customer_id)}} for claim in claims.take]
        released = [{"Delete": {**ours, "Key": {"claim": {"S": claim}}}} for claim in claims.release]
        redacted = [{"Update": self._redaction(customer_id, version)} for version in redact]
        return [*taken, *released, *redacted, *(self._note(event) if is_erasure(event) else ())]

    def _note(self, event: Event) -> list[Any]:
        item = note(event.customer_id, event.occurred_at)
        return [{"Put": {"TableName": self._erasures_table, "Item": item}}]

    def _redaction(self, customer_id: str, version: int, *, in_metadata: bool = False) -> Any:
        hashes = ["request_hash", *(["#metadata.request_hash"] if in_metadata else [])]
        return {
            "TableName": self._table,
            "Key": _key(customer_id, version),
            "UpdateExpression": f"SET #data = :redacted REMOVE {', '.join(hashes)}",
            "ConditionExpression": "attribute_exists(customer_id)",
            "ExpressionAttributeNames": {"#data": "data", **({"#metadata": "metadata"} if in_metadata else {})},
            "ExpressionAttributeValues": {":redacted": {"S": REDACTED}},
        }


def _to_position(key: Any) -> Position:
    return {"customer_id": key["customer_id"]["S"], "version": key["version"]["N"]}


def _from_position(position: Position) -> Any:
    return _key(position["customer_id"], int(position["version"]))


def _key(customer_id: str, version: int) -> Any:
    return {"customer_id": {"S": customer_id}, "version": {"N": str(version)}}


def _claim(claim: str, customer_id: str) -> Any:
    return {"claim": {"S": claim}, "customer_id": {"S": customer_id}}


def _require_ours(stored: Any, event: Event) -> None:
    """Raise VersionConflict unless the stored row is this event, which an earlier attempt of ours wrote."""
    if not stored or stored.get("event_id") != {"S": event.event_id}:
        found = recorded(stored) if stored else None
        raise VersionConflict(event.customer_id, event.version, found if isinstance(found, Event) else None) from None


class _ClaimsOfOthers(Exception):
    """Some claims to release belong to other customers."""

    def __init__(self, claims: Sequence[str]) -> None:
        super().__init__(f"{len(claims)} claims belong to other customers")
        self.claims = claims


class _NothingToRedact(Exception):
    """Some events to redact do not exist."""

    def __init__(self, versions: Collection[int]) -> None:
        super().__init__(f"{len(versions)} events to redact do not exist")
        self.versions = versions


def _is_ours(refused: ClientError, event: Event, claims: ClaimChange, redact: Sequence[int]) -> bool:
    """Interpret a cancelled transaction.

    The cancellation reasons have the order of the items: the event, claims taken, claims released, redactions, and the
    note of an erasure, which has no condition.

    Returns:
        Whether an earlier attempt of ours wrote the event. If not, contention cancelled the transaction.

    Raises:
        VersionConflict: Another event has the version.
        ClaimTaken: Another customer holds a claim to take.
        ClientError: The transaction can never succeed.
    """
    reasons: Sequence[Any] = refused.response.get("CancellationReasons", [])
    codes = [reason["Code"] for reason in reasons]
    if codes[0] == _REFUSED:
        _require_ours(reasons[0].get("Item"), event)
        return True
    released_from = 1 + len(claims.take)
    if _REFUSED in codes[1:released_from]:
        raise ClaimTaken
    releases = codes[released_from : released_from + len(claims.release)]
    if _REFUSED in releases:
        raise _ClaimsOfOthers([claim for claim, code in zip(claims.release, releases, strict=True) if code == _REFUSED])
    redacted_from = released_from + len(claims.release)
    missing = {version for version, code in zip(redact, codes[redacted_from:], strict=False) if code == _REFUSED}
    if missing:
        raise _NothingToRedact(missing)
    if set(codes) - _CONTENTION:
        raise refused
    return False
