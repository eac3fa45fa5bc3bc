"""Tables on Amazon's DynamoDB Local, on which several releases work at once."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from local import tables
from tests.releases.release import Release

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")
_SETTINGS: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    # No other service is there: a call of one fails.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "PARTIAL_ANSWERS": "true",
    "SIGNING_SECRET": "literal:a key of the tests",
    "REBUILD_RATE": "1000",
    "REBUILD_WORKERS": "2",
    "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:9/queue",
    "POWERTOOLS_SERVICE_NAME": "customers",
    "POWERTOOLS_METRICS_NAMESPACE": "CustomersApi",
    "POWERTOOLS_TRACE_DISABLED": "true",
}
_CLAIMS: Final = {
    "sub": "machine-1",
    "client_id": "machine-1",
    "token_use": "access",
    "scope": "customers/read customers/write",
}


class Deployment:
    """New tables, and requests to whichever release.

    Attributes:
        client: DynamoDB.
        tables: The tables' names by logical id.
    """

    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        prefix = uuid.uuid4().hex
        self.tables: dict[str, str] = {}
        for logical_id, definition in tables.from_template().items():
            definition.pop("StreamSpecification", None)
            self.tables[logical_id] = definition["TableName"] = f"{prefix}-{logical_id}"
            client.create_table(**definition)

    def environment(self) -> dict[str, str]:
        """What the functions find in their environment."""
        return {
            **_SETTINGS,
            "AWS_DEFAULT_REGION": self.client.meta.region_name,
            "AWS_ENDPOINT_URL_DYNAMODB": self.client.meta.endpoint_url,
            # EVENT_TABLE is the table `EventTable`, and so on.
            **{_WORD.sub("_", logical_id).upper(): table for logical_id, table in self.tables.items()},
        }

    def fill(self, items: Mapping[str, list[Any]]) -> None:
        """Put items.

        Args:
            items: The items of each table, by its logical id.
        """
        for table, rows in items.items():
            for item in rows:
                self.client.put_item(TableName=self.tables[table], Item=item)

    def items(self) -> dict[str, list[Any]]:
        """All items of each table, by its logical id."""
        return {logical_id: self._scan(table) for logical_id, table in self.tables.items()}

    def events(self, customer_id: str) -> list[Any]:
        """The rows of a customer's events, in version order."""
        rows = [item for item in self._scan(self.tables["EventTable"]) if item["customer_id"]["S"] == customer_id]
        return sorted(rows, key=lambda item: int(item["version"]["N"]))

    def consumed(self, customer_id: str) -> list[Any]:
        """The example consumer's items of a customer: the inbox first, then the welcome."""
        found = [item for item in self._scan(self.tables["WelcomeTable"]) if item["customer_id"]["S"] == customer_id]
        return sorted(found, key=lambda item: str(item["item"]["S"]))

    def _scan(self, table: str) -> list[Any]:
        pages = self.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


def send(release: Release, route: str, customer_id: str = "", body: object = None, **headers: str) -> tuple[int, Any]:
    """Send a request to a release's function.

    Args:
        route: The name of the handler's module, for example `update_customer`.
        **headers: With `_` for `-`; `limit` and `cursor` are query parameters.

    Returns:
        The status, and the body with the response's headers under `headers`.
    """
    query = {name: headers.pop(name) for name in ("limit", "cursor") if name in headers}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {"Content-Type": "application/json"} if body else {}
    event = {
        "requestContext": {"requestId": str(uuid.uuid4()), "authorizer": {"claims": _CLAIMS}},
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": {"customer_id": customer_id} if customer_id else None,
        "body": json.dumps(body) if body else None,
    }
    package = "queries" if route.startswith(("get", "search")) else "commands"
    answer = release.invoke(f"{package}.handlers.{route}", event)
    document = json.loads(answer["body"]) if answer["body"] else {}
    return answer["statusCode"], {**document, "headers": answer["headers"]}


def project(release: Release, *items: Any) -> list[Any]:
    """Let a release project rows of the event table, and return the records to deliver again."""
    answer = release.invoke("projections.handlers.project_customers", {"Records": [_record(item) for item in items]})
    failures: list[Any] = answer["batchItemFailures"]
    return failures


def consume(release: Release, *cloud_events: Any) -> list[Any]:
    """Let a release's example consumer handle events, and return the messages to deliver again."""
    records = [
        {
            "messageId": str(uuid.uuid4()),
            "body": json.dumps({"detail": event, "detail-type": event["type"], "source": "customers"}),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for event in cloud_events
    ]
    answer = release.invoke("consumers.welcome.handler", {"Records": records})
    failures: list[Any] = answer["batchItemFailures"]
    return failures


def rebuild(steps: Mapping[str, Release]) -> int:
    """Rebuild the projection as the state machine does, each step by the release that is named for it.

    Args:
        steps: The release of each of `start`, `fill`, `verify`, `confirm` and `switch`.
    """
    control = "projections.handlers.rebuild_control"
    started = steps["start"].invoke(control, {"action": "start", "input": {}})
    for item in started["items"]:
        for step, handler in (("fill", "rebuild_segment"), ("verify", "verify_segment")):
            done = steps[step].invoke(f"projections.handlers.{handler}", item)
            assert done["done"], done
    for step in ("confirm", "switch"):
        steps[step].invoke(control, {**started, "action": step})
    return int(started["generation"])


def _record(item: Any) -> Any:
    key = {name: item[name] for name in ("customer_id", "version")}
    change = {"Keys": key, "NewImage": item, "SequenceNumber": item["version"]["N"]}
    return {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
